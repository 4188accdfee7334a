import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageFolders, readSourceFiles } from './support/source-files.ts';

const root = resolve(import.meta.dirname, '..');

interface AllowedImports {
  /** Packages that may be imported as values. */
  readonly values: readonly string[];
  /** Packages that may only be imported as types. */
  readonly types?: readonly string[];
  /** Packages that may only be imported as types, or by `import()` where they are needed. */
  readonly dynamic?: readonly string[];
}

/** The allowed imports of each package and app. All other imports fail. */
const allowedImports: Readonly<Record<string, AllowedImports>> = {
  'packages/contract': { values: ['zod'] },
  'packages/db': { values: ['@parley/contract', 'mongoose', 'lru-cache'] },
  'packages/agent': {
    values: ['@cfworker/json-schema', '@parley/contract', 'ipaddr.js', 'lru-cache', 'openai'],
  },
  'packages/quota': { values: ['@parley/contract', '@parley/agent'], types: ['@parley/db'] },
  'packages/turns': {
    values: ['@parley/contract', '@parley/agent', '@parley/quota'],
    types: ['@parley/db'],
  },
  'packages/api': {
    values: ['@parley/contract', '@trpc/server', 'jose', 'lru-cache', 'trpc-to-openapi', 'zod'],
    types: ['@parley/db', '@parley/turns', 'zod-openapi'],
  },
  // Shared by the server and other hosts.
  'packages/host': {
    values: ['@parley/agent', '@parley/api', '@parley/contract', '@parley/turns'],
    types: ['@parley/db'],
  },
  'packages/embedded': { values: ['mongodb', 'mongodb-memory-server-core'] },
  // Code for browsers only imports types of the server.
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
      '@lingui/core',
      '@parley/client',
      'class-variance-authority',
      'clsx',
      'hast-util-to-jsx-runtime',
      'katex',
      'lucide-react',
      'radix-ui',
      'react',
      'react-dom',
      'rehype-highlight',
      'rehype-katex',
      'remark-cjk-friendly',
      'remark-gfm',
      'remark-math',
      'remark-parse',
      'remark-rehype',
      'remend',
      'sonner',
      'unified',
      'virtua',
      'wouter',
    ],
    types: ['@schummar/icu-type-parser', '@parley/contract', 'hast', 'micromark-util-types'],
  },
  // Its pages are the Markdown files of the whole repository.
  'apps/docs': { values: [] },
  'apps/cli': { values: ['@clack/prompts', '@parley/client', '@parley/contract', 'commander'] },
  'apps/server': {
    values: [
      '@fastify/cookie',
      '@fastify/cors',
      '@fastify/multipart',
      '@fastify/static',
      '@parley/agent',
      '@parley/api',
      '@parley/contract',
      '@parley/db',
      '@parley/host',
      '@parley/turns',
      '@scalar/fastify-api-reference',
      '@trpc/server',
      'commander',
      'fastify',
      'ipaddr.js',
      'lru-cache',
      'pino',
      'prom-client',
      'trpc-to-openapi',
      'zod',
    ],
    // A production install leaves it out.
    dynamic: ['@parley/embedded'],
  },
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly kind: 'static' | 'dynamic' | 'type';
}

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

/** Only the hooks of the client depend on React. */
test('the core of packages/client does not import React', () => {
  const core = importsOf('packages/client').filter(
    ({ file }) => !file.startsWith('packages/client/src/react/'),
  );
  expect(
    core
      .filter(({ target }) => /^react($|\/)|react-query$/.test(target))
      .map(({ file, target }) => `${file} imports ${target}`),
  ).toEqual([]);
});

/** Returns the imports of a folder's source files, without tests and their helpers. */
function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/testing/'))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, type, from, dynamic]) => ({
        file: relative(root, file),
        target: from ?? dynamic ?? '',
        kind:
          type !== undefined
            ? ('type' as const)
            : dynamic !== undefined
              ? ('dynamic' as const)
              : ('static' as const),
      })),
    );
}

/** Returns the package of an import such as `@scope/name/part` or `name/part`. */
function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function offenders(folder: string, { values, types = [], dynamic = [] }: AllowedImports): string[] {
  return importsOf(folder)
    .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
    .filter(({ target, kind }) => {
      const allowed = {
        static: values,
        type: [...values, ...types, ...dynamic],
        dynamic: [...values, ...dynamic],
      };
      return !allowed[kind].includes(packageOf(target));
    })
    .map(({ file, target, kind }) => `${file} imports ${target} (${kind})`);
}

describe('the dependencies between packages', () => {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );

  test('the dependencies between packages are declared for every package and app', () => {
    expect(folders.filter((folder) => !(folder in allowedImports))).toEqual([]);
  });

  test.each(folders)('the dependencies between packages are respected by %s', (folder) => {
    expect(offenders(folder, allowedImports[folder] ?? { values: [] })).toEqual([]);
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

  test('only env.ts reads the environment', () => {
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

/** The agent's loop, context and tools know models by a port; an adapter knows the API behind it. */
test('only the adapters in packages/agent/src/openai import the openai package', () => {
  expect(
    importsOf('packages/agent')
      .filter(({ target }) => packageOf(target) === 'openai')
      .map(({ file }) => file)
      .filter((file) => !file.startsWith('packages/agent/src/openai/')),
  ).toEqual([]);
});

test('the rest of packages/agent imports an adapter in one place', () => {
  expect(
    importsOf('packages/agent')
      .filter(({ file }) => !file.startsWith('packages/agent/src/openai/'))
      .filter(({ target }) => target.includes('/openai/'))
      .map(({ file }) => file),
  ).toEqual(['packages/agent/src/run-agent.ts']);
});

/** Every source file is read, which a busy machine takes its time for. */
const PATIENCE_MS = 60_000;

test(
  'the main entry of packages/api exports nothing that only the admin command imports',
  () => {
    const exported = readSourceFiles('packages/api')
      .filter(({ path }) => path === 'packages/api/src/index.ts')
      .flatMap(({ module }) => module.staticExports.flatMap(({ entries }) => entries))
      .map(({ exportName }) => exportName.name ?? '');
    const imports = packageFolders.flatMap(readSourceFiles).flatMap(({ path, module }) =>
      module.staticImports
        .filter(({ moduleRequest }) => moduleRequest.value === '@parley/api')
        .flatMap(({ entries }) => entries)
        .map(({ importName }) => ({
          name: importName.name ?? '',
          isAdmin: path.startsWith('apps/server/src/admin/'),
        })),
    );
    expect(exported).toContain('appRouter');
    const importersOf = (exportName: string) => imports.filter(({ name }) => name === exportName);
    expect(
      exported.filter(
        (name) => importersOf(name).length > 0 && importersOf(name).every(({ isAdmin }) => isAdmin),
      ),
    ).toEqual([]);
  },
  PATIENCE_MS,
);
