import { expect, test } from 'vitest';
import { explainEngineEnd } from './explain-engine-end.ts';

const missing = (library: string) =>
  `Traceback …\nImportError: ${library}: cannot open shared object file: No such file or directory\n`;

test.each([
  [null, 'SIGILL', '', 'this processor lacks instructions the engine needs (AVX2)'],
  [null, 'SIGKILL', '', 'the engine was killed, perhaps for lack of memory (it needs 250 MB)'],
  [
    1,
    null,
    missing('libgomp.so.1'),
    'the library libgomp is missing (Debian and Ubuntu: apt install libgomp1)',
  ],
  [1, null, missing('libstdc++.so.6'), 'the library libstdc++ is missing'],
  [1, null, 'Loading …\nRuntimeError: no\n', 'the engine ended with exit code 1: RuntimeError: no'],
  [3, null, '', 'the engine ended with exit code 3'],
  [null, 'SIGSEGV', '', 'the engine ended by SIGSEGV'],
] as const)(
  'an engine that ends with code %s and signal %s after printing %j is explained',
  (exitCode, signal, printed, said) => {
    expect(explainEngineEnd({ exitCode, signal, printed })).toBe(said);
  },
);
