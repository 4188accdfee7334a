/** How the engine's process ended. */
export interface EngineEnd {
  exitCode: number | null;
  signal: string | null;
  /** The end of its standard error. */
  printed: string;
}

/** Returns why the engine's process ended, as a clause that says what is missing. */
export function explainEngineEnd({ exitCode, signal, printed }: EngineEnd): string {
  if (signal === 'SIGILL') return 'this processor lacks instructions the engine needs (AVX2)';
  if (signal === 'SIGKILL') return 'the engine was killed, perhaps for lack of memory (it needs 250 MB)';
  const library = /(lib[\w+-]+)\.so[.\d]*: cannot open shared object file/.exec(printed)?.[1];
  if (library === 'libgomp')
    return 'the library libgomp is missing (Debian and Ubuntu: apt install libgomp1)';
  if (library !== undefined) return `the library ${library} is missing`;
  const end = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  const lastLine = printed.trim().split('\n').at(-1)?.trim();
  return `the engine ended ${end}${lastLine ? `: ${lastLine}` : ''}`;
}
