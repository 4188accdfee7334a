/** The exit codes of `parley`. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  /** The command line or one of its values is wrong. */
  usage: 2,
  /** Not logged in, or the key does not have the permission. */
  unauthorized: 3,
  notFound: 4,
  /** The server is unreachable, busy or restarting. The same command may succeed later. */
  unavailable: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An exit code of `parley`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Returns the exit code for an error code and its HTTP status. */
export function exitCodeOf(code: string, status: number | undefined): ExitCode {
  if (code === 'network') return exitCodes.unavailable;
  if (code === 'invalid_input') return exitCodes.usage;
  switch (status) {
    case 401:
    case 403:
      return exitCodes.unauthorized;
    case 404:
      return exitCodes.notFound;
    case 429:
    case 503:
      return exitCodes.unavailable;
    default:
      return exitCodes.failure;
  }
}
