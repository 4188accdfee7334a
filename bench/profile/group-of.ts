import type { Profiler } from 'node:inspector';

/** Packages that make one thing. What is not here goes by its own name. */
const groups: Readonly<Record<string, readonly string[]>> = {
  'driver, bson': ['mongodb', 'bson', 'mongodb-connection-string-url', '@mongodb-js/saslprep'],
  mongoose: ['mongoose', 'mquery', 'mpath', 'kareem', 'sift'],
  trpc: ['@trpc/server'],
  fastify: [
    'fastify',
    '@fastify/cors',
    'find-my-way',
    'avvio',
    'fastq',
    'reusify',
    'fast-querystring',
    'fast-json-stringify',
    'process-warning',
    'toad-cache',
    'secure-json-parse',
  ],
  'pino (the log)': ['pino', 'sonic-boom', 'pino-std-serializers', 'quick-format-unescaped'],
};

const groupOfPackage = new Map(
  Object.entries(groups).flatMap(([group, names]) => names.map((name) => [name, group] as const)),
);

const NODE_HTTP = /^node:(?:_http|http|net|_?stream|internal\/(?:http|net|stream|js_stream))/;
const NODE_TASKS = /^node:(?:async_hooks|timers|internal\/(?:async|process\/task|process\/promises|timers))/;
const INSTALLED = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const OURS = /\/((?:packages|apps)\/[^/]+|bench)\/(?!.*node_modules)/;

/** Which group of packages a function belongs to. */
export function groupOf({ callFrame: { functionName, url } }: Profiler.ProfileNode): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'native code outside JavaScript (system calls, parsing)';
  if (NODE_HTTP.test(url)) return 'node: http, net, streams';
  if (NODE_TASKS.test(url)) return 'node: tasks, timers, async context';
  if (url.startsWith('node:')) return 'node: other';
  const installed = INSTALLED.exec(url)?.[1];
  if (installed !== undefined) return groupOfPackage.get(installed) ?? installed;
  const ours = OURS.exec(url)?.[1];
  return ours === undefined ? 'other' : `ours: ${ours}`;
}

/** A function and its place in the source. */
export function placeOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url.replace(INSTALLED, '$1/').replace(/^file:\/\/.*?\/(packages|apps|bench)\//, '$1/');
  return `${name} ${path}:${lineNumber + 1}`;
}
