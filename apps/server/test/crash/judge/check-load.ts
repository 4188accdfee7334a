import type { CellHistory, LoadBounds, ObservedCall } from './history.ts';
import { questionOf } from './to-history.ts';

/** The model notices slightly later than the server that a call was aborted. */
const CUT_NOTICED_MS = 500;
/**
 * A server counts the running answers of an address in other servers about once a second, and uses the count until
 * the next.
 */
const COUNT_AGE_MS = 2_500;

interface VisitedCall extends ObservedCall {
  /** The address of the visitor; undefined for others. */
  readonly visitorAt: string | undefined;
}

/**
 * Checks that no server ran more answers at once than allowed, in total, for visitors, and for one address; and that
 * all servers together kept the bound of an address, as far as they knew of each other.
 */
export function checkLoad({ calls, messages, promises: { load } }: CellHistory): string[] {
  if (!load) return [];
  const addressOf = new Map(messages.map(({ content, visitorAt }) => [content, visitorAt]));
  const visited = calls.map((call) => ({ ...call, visitorAt: addressOf.get(questionOf(call.context)) }));
  const ofVisitors = visited.filter(({ visitorAt }) => visitorAt !== undefined);
  const addresses = [...Map.groupBy(ofVisitors, ({ visitorAt }) => visitorAt ?? '')];
  return [
    ...checkServers(visited, load.running, 'answers'),
    ...checkServers(ofVisitors, load.visitors, 'answers of visitors'),
    ...addresses.flatMap(([address, ofAddress]) => [
      ...checkServers(ofAddress, load.perAddress, `answers of ${address}`),
      ...checkAddress(address, ofAddress, load),
    ]),
  ];
}

function checkServers(calls: readonly VisitedCall[], max: number, what: string): string[] {
  return [...Map.groupBy(calls, ({ server }) => server)].flatMap(([server, ofServer]) => {
    const most = Math.max(0, ...ofServer.map(({ from }) => countAt(from, ofServer)));
    return most > max ? [`server ${server} ran ${most} ${what} at once; ${max} may run`] : [];
  });
}

/**
 * A server may exceed the bound by an eighth, at least one, and by answers that others started since it counted them.
 */
function checkAddress(address: string, calls: readonly VisitedCall[], { perAddress }: LoadBounds): string[] {
  const max = perAddress + Math.max(Math.floor(perAddress / 8), 1);
  return calls.flatMap(({ server, from }) => {
    const here = calls.filter((call) => call.server === server);
    const elsewhere = calls.filter((call) => call.server !== server);
    const times = elsewhere.flatMap((call) => [call.from, call.to]);
    const known = [
      from - COUNT_AGE_MS,
      ...times.filter((time) => time > from - COUNT_AGE_MS && time < from),
      from,
    ];
    const running = countAt(from, here) + Math.min(...known.map((time) => countAt(time, elsewhere)));
    return running > max ? [`${running} answers of ${address} ran for long; ${max} may run`] : [];
  });
}

/** How many of the calls are running at this time. */
function countAt(time: number, calls: readonly ObservedCall[]): number {
  return calls.filter(({ from, to, isCut }) => from <= time && time < to - (isCut ? CUT_NOTICED_MS : 0))
    .length;
}
