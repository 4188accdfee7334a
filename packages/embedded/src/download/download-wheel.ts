import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, WITHOUT_PROXIES } from '../run-command.ts';
import { megabytes, watchDownload } from './watch-download.ts';
import type { FetchWheelOptions } from './wheel.ts';

interface WorkFolder {
  /** A temporary folder. pip writes only here, so removing it removes everything. */
  workFolder: string;
  timeoutMs: number;
}

/**
 * Downloads a wheel with pip, which uses the index, proxy and credentials that the user has configured, and returns the path of
 * the file. The caller checks its hash.
 *
 * @throws Error that says what is missing or went wrong.
 */
export async function downloadWheel(
  options: FetchWheelOptions,
  { workFolder, timeoutMs }: WorkFolder,
): Promise<string> {
  const title = options.title ?? options.name;
  const size = options.bytes === undefined ? '' : ` (${megabytes(options.bytes)})`;
  options.onProgress(`Downloading ${title}${size} …`);
  const scratch = join(workFolder, 'scratch');
  const downloads = join(workFolder, 'downloads');
  await mkdir(scratch);
  const stopWatching = reportPercent(options, scratch);
  try {
    const { exitCode, output, timedOut } = await runCommand(
      'env',
      pipCommand(options, { scratch, downloads }),
      {
        timeoutMs,
        signal: options.signal,
      },
    );
    if (exitCode === 0) return await onlyWheel(options, downloads);
    const reason = timedOut
      ? `it took longer than ${Math.round(timeoutMs / 1000)} seconds`
      : explain(options, output);
    throw new Error(`${title} could not be downloaded: ${reason}.`);
  } finally {
    stopWatching();
  }
}

/** Returns the arguments of `env`, which sets what pip reads only from its environment: the temporary folder and the language. */
function pipCommand(
  options: FetchWheelOptions,
  { scratch, downloads }: { scratch: string; downloads: string },
) {
  const { name, version, python = 'python3', indexUrl, target } = options;
  return [
    ...(indexUrl === undefined ? [] : WITHOUT_PROXIES),
    `TMPDIR=${scratch}`,
    'LC_ALL=C',
    python,
    ...['-m', 'pip'],
    ...(indexUrl === undefined ? [] : ['--isolated', '--no-cache-dir']),
    ...['--no-input', '--disable-pip-version-check', '--retries', '3', '--timeout', '15'],
    ...['download', '--quiet', '--no-deps', '--only-binary=:all:', '-d', downloads],
    ...(target ? targetArguments(target) : []),
    ...(indexUrl === undefined ? [] : ['--index-url', localIndex(indexUrl)]),
    `${name}==${version}`,
  ];
}

function targetArguments({ pythonVersion, abi, platform }: NonNullable<FetchWheelOptions['target']>) {
  const python = ['--implementation', 'cp', '--python-version', pythonVersion];
  return [...python, '--abi', abi, '--platform', platform];
}

function localIndex(indexUrl: string): string {
  if (new URL(indexUrl).hostname !== '127.0.0.1') {
    throw new Error(`An index is for tests only and must be on 127.0.0.1, not ${indexUrl}.`);
  }
  return indexUrl;
}

async function onlyWheel({ name, filename }: FetchWheelOptions, downloads: string): Promise<string> {
  const files = await readdir(downloads);
  const [file] = files;
  if (file === undefined || (filename !== undefined && file !== filename)) {
    throw new Error(
      `pip downloaded ${file ?? 'nothing'} for ${name}${filename === undefined ? '' : `, not ${filename}`}.`,
    );
  }
  return join(downloads, file);
}

/** Reports every tenth of the download once. Older versions of pip have no machine-readable progress. */
function reportPercent({ bytes, title, name, onProgress }: FetchWheelOptions, scratch: string): () => void {
  if (bytes === undefined) return () => {};
  let reported = 0;
  return watchDownload(scratch, (arrived) => {
    const tenths = Math.floor((10 * arrived) / bytes);
    if (tenths <= reported || tenths >= 10) return;
    reported = tenths;
    onProgress(`Downloading ${title ?? name}: ${tenths * 10} % of ${megabytes(bytes)}`);
  });
}

/** Turns the output of pip (or `env`) into a reason that the operator can act on. The first match counts. */
function explain({ name, version, python = 'python3' }: FetchWheelOptions, output: string): string {
  const known: [RegExp, string][] = [
    [/^env: .*(No such file|not found|Permission)/m, `Python 3 is needed, and "${python}" does not run`],
    [
      /No module named '?pip/,
      `"${python}" has no pip; install it (Debian and Ubuntu: apt install python3-pip)`,
    ],
    [/No space left|Errno 28/, 'there is no space left on the disk'],
    [
      /NewConnectionError|ConnectTimeout|NameResolutionError|ProxyError|SSLError|Max retries exceeded|Network is unreachable/,
      'the package index (PyPI) cannot be reached',
    ],
    [
      /IncompleteRead|Connection broken|ChunkedEncodingError|ProtocolError|Connection aborted|RemoteDisconnected|Read timed out|incomplete-download|located at .* is invalid/,
      'the connection broke off before the end',
    ],
    [
      /No matching distribution|Could not find a version|HTTP error 404|404 Client Error/,
      `the package index has no ${name} ${version} for this system`,
    ],
  ];
  return known.find(([pattern]) => pattern.test(output))?.[1] ?? lastLine(output);
}

function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => /^(ERROR:|×) /.test(line)) ?? lines.at(-1);
  return error?.replace(/^(ERROR:|×) /, '').replace(/\.$/, '') ?? 'pip failed without a word';
}
