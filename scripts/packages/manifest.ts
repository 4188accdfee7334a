import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A `package.json` of the workspace, as far as publishing looks at it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: 'module';
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Features that the published JavaScript needs: `Promise.withResolvers`, `URL.parse`. */
const NODE = '>=22.12';

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/**
 * The manifest that is published: it leads to what was built instead of the sources, names the workspace's own packages
 * by their exact version, and leaves out what only the workspace needs.
 */
export function publishedManifest(manifest: Manifest, versions: ReadonlyMap<string, string>): object {
  const { name, version, description, license, type, bin, peerDependencies, peerDependenciesMeta } = manifest;
  const entries = Object.entries(manifest.exports ?? {}).filter(([path]) => path !== './testing');
  const built = ([path, source]: [string, string]) => [
    path,
    { types: toBuilt(source, '.d.ts'), default: toBuilt(source, '.js') },
  ];
  const pinned = ([dependency, range]: [string, string]) => [dependency, versions.get(dependency) ?? range];
  return {
    name,
    version,
    description,
    license,
    type,
    exports: { ...Object.fromEntries(entries.map(built)), './package.json': './package.json' },
    ...(bin && { bin: mapValues(bin, (source) => toBuilt(source, '.js').replace('./', '')) }),
    files: ['dist'],
    // Their schemas and classes are made when they are imported, and nothing else is.
    sideEffects: false,
    engines: { node: NODE },
    dependencies: Object.fromEntries(Object.entries(manifest.dependencies ?? {}).map(pinned)),
    ...(peerDependencies && { peerDependencies }),
    ...(peerDependenciesMeta && { peerDependenciesMeta }),
  };
}

/** `./src/index.ts` becomes `./dist/index.js`, say. */
function toBuilt(source: string, ending: string): string {
  return source.replace('./src/', './dist/').replace(/\.tsx?$/, ending);
}

function mapValues<Value>(record: Readonly<Record<string, Value>>, change: (value: Value) => Value) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
