import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * The limit for the gzipped JavaScript of a first visit. Lazily loaded parts (highlighting, math) do not
 * count.
 */
const firstLoadBytesMax = 200 * 1024;

const dist = resolve(import.meta.dirname, 'dist');

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;

/** The limit for the loader that a page with the embedded chat loads. */
const loaderBytesMax = 5_000;

/** Collects all files that load before a page is shown: its entry, its static imports and their styles. */
function firstLoadFiles(page: string, look: string): Set<string> {
  const files = new Set<string>([look]);
  const visit = (key: string): void => {
    const chunk = manifest[key];
    if (!chunk || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit(page);
  return files;
}

const gzippedBytes = (file: string): number => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
const inKilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1).padStart(8)} kB`;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function printFiles(title: string, files: readonly string[]): number {
  const sizes = files.map((file) => [file, gzippedBytes(file)] as const).sort(([, a], [, b]) => b - a);
  print(title);
  for (const [file, bytes] of sizes) print(`${inKilobytes(bytes)}  ${file}`);
  return sizes.filter(([file]) => file.endsWith('.js')).reduce((sum, [, bytes]) => sum + bytes, 0);
}

const first = firstLoadFiles('index.html', 'theme.js');
const framed = firstLoadFiles('embed.html', 'embed-look.js');
const later = readdirSync(join(dist, 'assets'))
  .map((name) => `assets/${name}`)
  .filter((file) => /\.(js|css)$/.test(file) && !first.has(file) && !framed.has(file));

const firstBytes = printFiles('First load, gzipped:', [...first]);
const framedBytes = printFiles('First load of the embedded chat, gzipped:', [...framed]);
printFiles('Loaded later, when needed (an answer, code, formulas, a first delete):', later);
print(
  `First load's JavaScript: ${inKilobytes(firstBytes).trim()} of ${inKilobytes(firstLoadBytesMax).trim()}`,
);
const loaderBytes = readFileSync(join(dist, 'embed.js')).length;
print(`embed.js: ${loaderBytes} bytes of ${loaderBytesMax}, ${gzippedBytes('embed.js')} gzipped`);
if (Math.max(firstBytes, framedBytes) > firstLoadBytesMax || loaderBytes > loaderBytesMax)
  process.exitCode = 1;
