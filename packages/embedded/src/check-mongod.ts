import { runCommand } from './run-command.ts';

/**
 * Runs `binary --version` and answers the version, such as `6.0.5`.
 *
 * @throws Error whose message says why this `mongod` cannot be used: it does not run here, or is too old.
 */
export async function checkMongod(binary: string, signal?: AbortSignal): Promise<string> {
  const { exitCode, output } = await runCommand(binary, ['--version'], {
    timeoutMs: VERSION_TIMEOUT_MS,
    signal,
  });
  const version = /^db version v(\d+)(\.\d+\.\d+)/m.exec(output);
  if (exitCode !== 0 || !version) throw new Error(`it does not run (${whyNot(output)})`);
  const [, major, rest] = version;
  if (Number(major) < MAJOR_MIN) {
    throw new Error(`it is version ${major}${rest}, and Parley needs ${MAJOR_MIN}.0 or newer`);
  }
  return `${major}${rest}`;
}

/** A cold disk may take long to read 140 MB of program. */
const VERSION_TIMEOUT_MS = 30_000;
/** The oldest series the tests run on. */
const MAJOR_MIN = 6;

function whyNot(output: string): string {
  const reason = output.trim().split('\n').at(-1) ?? '';
  const library = /(lib\w+)\.so\.(\d+): cannot open shared object file/.exec(reason);
  if (!library) return reason === '' ? 'it said nothing' : reason;
  return `it needs the system library ${library[1]}.so.${library[2]}; Debian and Ubuntu: apt install ${library[1]}${library[2]}`;
}
