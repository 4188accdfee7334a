import { limits } from '@parley/contract';
import { version } from '../version.ts';
import { apiErrorIn, type CheckTarget, type Finding, get } from './check.ts';

/** Checks that the server responds, and compares its clock. */
export async function checkServer(target: CheckTarget): Promise<Finding[]> {
  const before = Date.now();
  let response: Response;
  try {
    response = await get(target, '/healthz');
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return [
      {
        name: 'server',
        status: 'fail',
        detail: `${target.url} cannot be reached (${why instanceof Error ? why.message || why.name : why})`,
        fix: 'Start it (npm start), or set its address with --url, PARLEY_URL or parley login.',
      },
    ];
  }
  const after = Date.now();
  if (!response.ok) {
    const detail = `${target.url} answers /healthz with ${response.status}`;
    return [
      {
        name: 'server',
        status: 'fail',
        detail,
        fix: 'Check that the address is a Parley server, and check the proxies in between.',
      },
    ];
  }
  const reached: Finding = {
    name: 'server',
    status: 'ok',
    detail: `${target.url} answers in ${after - before} ms`,
  };
  return [reached, clockOf(response, (before + after) / 2)];
}

function clockOf({ headers }: Response, now: number): Finding {
  const serverTime = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(serverTime))
    return { name: 'clock', status: 'warn', detail: 'the server sends no Date header' };
  const seconds = Math.round(Math.abs(serverTime - now) / 1_000);
  if (seconds <= limits.userTokenClockSeconds) {
    return { name: 'clock', status: 'ok', detail: `at most ${seconds + 1} s from the server's` };
  }
  return {
    name: 'clock',
    status: 'warn',
    detail: `${seconds} s from the server's; user tokens signed on this machine may be rejected`,
    fix: 'Synchronize both clocks with NTP.',
  };
}

/** Checks that the server reaches its database and is not shutting down. */
export async function checkReady(target: CheckTarget): Promise<Finding[]> {
  const response = await get(target, '/readyz');
  if (response.ok) {
    const ready: Finding = { name: 'ready', status: 'ok', detail: 'the server reaches its database' };
    const { database, notices = [] } = (await response.json()) as Readiness;
    return [ready, ...(database ? [modeOf(database), indexesOf(database)] : []), ...notices.map(noticeOf)];
  }
  return [
    {
      name: 'ready',
      status: 'fail',
      detail: await apiErrorIn(response),
      fix: "Check the server's log, and that MongoDB runs.",
    },
  ];
}

/** The response of `/readyz`. */
interface Readiness {
  readonly database?: DatabaseState;
  readonly notices?: readonly { readonly code: string; readonly message: string }[];
}

function noticeOf({ code, message }: { readonly code: string; readonly message: string }): Finding {
  // The server calls the model for users, so its report is more reliable than a check from this machine.
  if (code.startsWith('model_')) return { name: 'model server', status: 'fail', detail: message };
  return { name: code === 'proxy_not_trusted' ? 'proxy' : code, status: 'warn', detail: message };
}

/** The state of the database in the response of `/readyz`. */
interface DatabaseState {
  readonly mode: string;
  readonly members?: number;
  readonly missingIndexes: number;
  /** Absent for servers of release 0.1.0. */
  readonly indexBuilds?: readonly { collection: string; index: string; percent?: number }[];
}

function modeOf({ mode, members }: DatabaseState): Finding {
  const detail = members === undefined ? `a ${mode}` : `a ${mode} of ${members}`;
  if (members !== 2) return { name: 'database', status: 'ok', detail };
  // A majority of two members is both, so writes stop if either fails.
  return {
    name: 'database',
    status: 'warn',
    detail,
    fix: 'Add a third member. Two members stop accepting writes if one fails.',
  };
}

function indexesOf({ missingIndexes, indexBuilds = [] }: DatabaseState): Finding {
  if (missingIndexes === 0) return { name: 'indexes', status: 'ok', detail: 'all present' };
  if (indexBuilds.length > 0) {
    const builds = indexBuilds.map(({ collection, index, percent }) => {
      const progress = percent === undefined ? '' : ` (${percent} %)`;
      return `${collection}.${index}${progress}`;
    });
    return {
      name: 'indexes',
      status: 'warn',
      detail: `${missingIndexes} missing, being built: ${builds.join(', ')}`,
      fix: 'Wait for the build. Lists are slow until it ends.',
    };
  }
  return {
    name: 'indexes',
    status: 'fail',
    detail: `${missingIndexes} missing; lists are slow, and unique entries may be written twice`,
    fix: 'A server builds them within a minute. If they stay missing, check its log, or run `npm run -s admin -- database migrate`.',
  };
}

/** Checks that this command and the server have the same version. */
export async function checkVersion(target: CheckTarget): Promise<Finding[]> {
  const response = await get(target, '/openapi.json');
  const document: unknown = await response.json();
  const theirs = (document as { info?: { version?: unknown } }).info?.version;
  if (theirs === version) return [{ name: 'version', status: 'ok', detail: version }];
  const fix = 'Install the same version of both.';
  return [{ name: 'version', status: 'warn', detail: `server ${theirs}, parley ${version}`, fix }];
}
