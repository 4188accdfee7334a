import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Arrows {
  /** What may be imported as values. */
  readonly values: readonly string[];
  /** What may be imported as types only. */
  readonly types?: readonly string[];
}

/** The arrows of the architecture: who may import whom. What is not named here may not be imported. */
const arrows: Readonly<Record<string, Arrows>> = {
  'packages/contract': { values: ['zod'] },
  'packages/db': { values: ['@parley/contract', 'mongoose', 'lru-cache'] },
  'packages/agent': { values: ['@cfworker/json-schema', '@parley/contract', 'ipaddr.js', 'openai'] },
  'packages/turns': { values: ['@parley/contract', '@parley/agent', '@parley/db'] },
  'packages/api': {
    values: ['@parley/contract', '@trpc/server', 'jose', 'p-queue', 'trpc-to-openapi', 'zod'],
    types: ['@parley/db', '@parley/turns', 'zod-openapi'],
  },
  // What the server and any other host put together in the same way.
  'packages/host': {
    values: ['@parley/agent', '@parley/api', '@parley/contract', '@parley/turns'],
    types: ['@parley/db'],
  },
  'packages/embedded': { values: ['mongodb', 'mongodb-memory-server-core'] },
  // What runs in a browser knows the server by its types alone.
  'packages/client': {
    values: [
      '@tanstack/query-core',
      '@tanstack/react-query',
      '@trpc/client',
      '@trpc/react-query',
      '@trpc/server',
      'eventsource',
      'react',
    ],
    types: ['@parley/api', '@parley/contract'],
  },
  'apps/web': {
    values: [
      '@parley/client',
      'class-variance-authority',
      'clsx',
      'katex',
      'lucide-react',
      'radix-ui',
      'react',
      'react-dom',
      'react-markdown',
      'rehype-highlight',
      'rehype-katex',
      'remark-gfm',
      'remark-math',
      'remend',
      'sonner',
      'virtua',
      'wouter',
    ],
    types: ['@parley/contract'],
  },
  // Its pages are the Markdown of the whole repository.
  'apps/docs': { values: [] },
  'apps/cli': { values: ['@clack/prompts', '@parley/client', '@parley/contract', 'commander'] },
  'apps/server': {
    values: [
      '@fastify/cookie',
      '@fastify/cors',
      '@fastify/static',
      '@parley/agent',
      '@parley/api',
      '@parley/contract',
      '@parley/db',
      '@parley/embedded',
      '@parley/host',
      '@parley/turns',
      '@scalar/fastify-api-reference',
      '@trpc/server',
      'commander',
      'fastify',
      'ipaddr.js',
      'pino',
      'prom-client',
      'trpc-to-openapi',
      'zod',
    ],
  },
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isTypeOnly: boolean;
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** React is imported by its hooks: the core of the client is for everyone. */
test('the core of the client imports no React', () => {
  const core = importsOf('packages/client').filter(
    ({ file }) => !file.startsWith('packages/client/src/react/'),
  );
  expect(
    core
      .filter(({ target }) => /^react($|\/)|react-query$/.test(target))
      .map(({ file, target }) => `${file} imports ${target}`),
  ).toEqual([]);
});

/** The imports of a folder's product code; tests and their helpers may reach further. */
function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/testing/'))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, from, dynamic]) => ({
        file: relative(root, file),
        target: from ?? dynamic ?? '',
        isTypeOnly: type !== undefined,
      })),
    );
}

/** `@scope/name/part` and `name/part` belong to their package. */
function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function offenders(folder: string, { values, types = [] }: Arrows): string[] {
  return importsOf(folder)
    .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
    .filter(({ target, isTypeOnly }) => {
      const name = packageOf(target);
      return !values.includes(name) && !(isTypeOnly && types.includes(name));
    })
    .map(({ file, target }) => `${file} imports ${target}`);
}

describe('the arrows of the architecture', () => {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );

  test('every package and app has its arrows written down', () => {
    expect(folders.filter((folder) => !(folder in arrows))).toEqual([]);
  });

  test.each(folders)('%s imports only what it may', (folder) => {
    expect(offenders(folder, arrows[folder] ?? { values: [] })).toEqual([]);
  });

  test('no relative import leaves its package', () => {
    const leaving = folders.flatMap((folder) =>
      importsOf(folder)
        .filter(({ target }) => target.startsWith('.'))
        .filter(({ file, target }) => !join(file, '..', target).startsWith(folder))
        .map(({ file, target }) => `${file} imports ${target}`),
    );
    expect(leaving).toEqual([]);
  });

  test('the environment is read in env.ts alone', () => {
    const readers = folders.flatMap((folder) =>
      readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('env.ts'))
        .filter((file) => !file.includes('testing/'))
        .filter((file) => readFileSync(join(root, folder, 'src', file), 'utf8').includes('process.env'))
        .map((file) => `${folder}/src/${file}`),
    );
    expect(readers).toEqual([]);
  });
});
