/** How `parley` ends, for scripts. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  /** The command line is wrong, or a value in it. */
  usage: 2,
  /** Not logged in, or the key may not do this. */
  unauthorized: 3,
  notFound: 4,
  /** The server cannot be reached, is busy or restarting: the same command may succeed later. */
  unavailable: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a refusal with this code and HTTP status means for a script. */
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
