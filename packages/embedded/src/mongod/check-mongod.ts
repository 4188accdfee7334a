import { runCommand } from '../run-command.ts';

/** A `mongod`, with what is needed to run it on this machine. */
export interface MongodProgram {
  /** Its absolute path. */
  binary: string;
  /** A folder with libraries that it needs and this system lacks. */
  libraryPath?: string;
}

/** `mongod` runs except for libcurl, which minimal Linux systems lack. */
export class LibcurlMissingError extends Error {
  constructor() {
    super('it needs the system library libcurl.so.4 (Debian and Ubuntu: apt install libcurl4)');
    this.name = 'LibcurlMissingError';
  }
}

/**
 * Runs the program with `--version` and returns the version, such as `6.0.5`.
 *
 * @throws LibcurlMissingError, or another Error that says why this `mongod` cannot be used: it does not run here, or is too
 * old.
 */
export async function checkMongod(program: MongodProgram, signal?: AbortSignal): Promise<string> {
  const [file = program.binary, ...args] = [...commandOf(program), '--version'];
  const { exitCode, output } = await runCommand(file, args, { timeoutMs: VERSION_TIMEOUT_MS, signal });
  const version = /^db version v(\d+)(\.\d+\.\d+)/m.exec(output);
  if (/libcurl\.so\.4: cannot open shared object file/.test(output)) throw new LibcurlMissingError();
  if (exitCode !== 0 || !version) throw new Error(`it does not run (${lastLine(output)})`);
  const [, major, rest] = version;
  if (Number(major) < MAJOR_MIN) {
    throw new Error(`it is version ${major}${rest}, and Parley needs ${MAJOR_MIN}.0 or newer`);
  }
  return `${major}${rest}`;
}

/** Returns the command that runs the program. `env` replaces itself by `mongod`, so the process is `mongod`. */
export function commandOf({ binary, libraryPath }: MongodProgram): string[] {
  return libraryPath === undefined ? [binary] : ['env', `LD_LIBRARY_PATH=${libraryPath}`, binary];
}

/** Reading 140 MB from a cold disk may take long. */
const VERSION_TIMEOUT_MS = 30_000;
/** The oldest series that the tests cover. */
const MAJOR_MIN = 6;

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) || 'it printed nothing';
}
