import { limits } from '@parley/contract';
import { version } from '../version.ts';
import { type Finding, get, type Patient, refusalIn } from './check.ts';

/** Whether there is a server, and its clock. */
export async function checkServer(patient: Patient): Promise<Finding[]> {
  const before = Date.now();
  let response: Response;
  try {
    response = await get(patient, '/healthz');
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return [
      {
        name: 'server',
        status: 'fail',
        detail: `${patient.url} cannot be reached (${why instanceof Error ? why.message || why.name : why})`,
        fix: 'Start it (npm start), or name the right address: --url, PARLEY_URL, parley login.',
      },
    ];
  }
  const after = Date.now();
  if (!response.ok) {
    const detail = `${patient.url} answers /healthz with ${response.status}`;
    return [
      {
        name: 'server',
        status: 'fail',
        detail,
        fix: 'Is it a Parley server? Look at what stands in between.',
      },
    ];
  }
  const reached: Finding = {
    name: 'server',
    status: 'ok',
    detail: `${patient.url} answers in ${after - before} ms`,
  };
  return [reached, clockOf(response, (before + after) / 2)];
}

function clockOf({ headers }: Response, now: number): Finding {
  const told = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(told)) return { name: 'clock', status: 'warn', detail: 'the server tells no time' };
  const seconds = Math.round(Math.abs(told - now) / 1_000);
  if (seconds <= limits.userTokenClockSeconds) {
    return { name: 'clock', status: 'ok', detail: `at most ${seconds + 1} s from the server's` };
  }
  return {
    name: 'clock',
    status: 'warn',
    detail: `${seconds} s from the server's: user tokens of this machine may be refused`,
    fix: 'Set both clocks by NTP.',
  };
}

/** Whether it may be sent requests: it can reach its database, and is not stopping. */
export async function checkReady(patient: Patient): Promise<Finding[]> {
  const response = await get(patient, '/readyz');
  if (response.ok) {
    const ready: Finding = { name: 'ready', status: 'ok', detail: 'it reaches its database' };
    const { database, notices = [] } = (await response.json()) as Readiness;
    return [ready, ...(database ? [modeOf(database), indexesOf(database)] : []), ...notices.map(noticeOf)];
  }
  return [
    {
      name: 'ready',
      status: 'fail',
      detail: await refusalIn(response),
      fix: "Look at the server's log, and whether MongoDB runs.",
    },
  ];
}

/** What `/readyz` tells. */
interface Readiness {
  readonly database?: DatabaseState;
  readonly notices?: readonly { readonly code: string; readonly message: string }[];
}

function noticeOf({ code, message }: { readonly code: string; readonly message: string }): Finding {
  return { name: code === 'proxy_not_trusted' ? 'proxy' : code, status: 'warn', detail: message };
}

/** As `/readyz` tells it. */
interface DatabaseState {
  readonly mode: string;
  readonly members?: number;
  readonly missingIndexes: number;
  /** Servers of release 0.1.0 do not tell. */
  readonly indexBuilds?: readonly { collection: string; index: string; percent?: number }[];
}

function modeOf({ mode, members }: DatabaseState): Finding {
  const detail = members === undefined ? `a ${mode}` : `a ${mode} of ${members}`;
  if (members !== 2) return { name: 'database', status: 'ok', detail };
  // A majority of two is both: writes stop with either.
  return {
    name: 'database',
    status: 'warn',
    detail,
    fix: 'Add a third member: two survive the loss of none.',
  };
}

function indexesOf({ missingIndexes, indexBuilds = [] }: DatabaseState): Finding {
  if (missingIndexes === 0) return { name: 'indexes', status: 'ok', detail: 'all there' };
  if (indexBuilds.length > 0) {
    const builds = indexBuilds.map(({ collection, index, percent }) => {
      const progress = percent === undefined ? '' : ` (${percent} %)`;
      return `${collection}.${index}${progress}`;
    });
    return {
      name: 'indexes',
      status: 'warn',
      detail: `${missingIndexes} missing; being built: ${builds.join(', ')}`,
      fix: 'Wait for the build; lists are slow until then.',
    };
  }
  return {
    name: 'indexes',
    status: 'fail',
    detail: `${missingIndexes} missing: lists become slow, and what they guard can be doubled`,
    fix: 'A server builds them within a minute. If they stay missing, look at its log, or run `npm run -s admin -- database migrate`.',
  };
}

/** Whether this command and the server are of one make. */
export async function checkVersion(patient: Patient): Promise<Finding[]> {
  const response = await get(patient, '/openapi.json');
  const document: unknown = await response.json();
  const theirs = (document as { info?: { version?: unknown } }).info?.version;
  if (theirs === version) return [{ name: 'version', status: 'ok', detail: version }];
  const fix = 'Install the same version of both.';
  return [{ name: 'version', status: 'warn', detail: `server ${theirs}, parley ${version}`, fix }];
}
