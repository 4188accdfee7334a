import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile } from './compile.ts';
import { type Manifest, publishedManifest, readManifest } from './manifest.ts';
import { giveRouterType } from './router-type.ts';

/** The packages that other apps install. The workspace itself runs from its sources and does not need them. */
const PUBLISHED = [
  'packages/contract',
  'packages/db',
  'packages/agent',
  'packages/quota',
  'packages/turns',
  'packages/api',
  'packages/host',
  'packages/client',
  'apps/cli',
];

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A package as npm would publish it. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** The staged folder. */
  readonly folder: string;
  /** The archive that `npm pack` made of it. */
  readonly tarball: string;
}

/** Builds and packs every package into `target`, which is made anew. */
export async function stagePackages(target: string): Promise<PackedPackage[]> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  // The packages' declarations are read there by the compiler, and name what is installed here.
  await symlink(join(root, 'node_modules'), join(target, 'node_modules'));
  const packages = new Map(
    PUBLISHED.map((path): [string, Source] => {
      const manifest = readManifest(join(root, path));
      return [
        manifest.name,
        { manifest, source: join(root, path), folder: join(target, path.split('/')[1] ?? '') },
      ];
    }),
  );
  const started = new Map<string, Promise<PackedPackage>>();
  // Each one is compiled against the others' declarations, as soon as those are there.
  const stage = (name: string, one: Source): Promise<PackedPackage> => {
    const known = started.get(name) ?? stageOne(one, packages, stage);
    started.set(name, known);
    return known;
  };
  return await Promise.all([...packages].map(([name, one]) => stage(name, one)));
}

interface Source {
  readonly manifest: Manifest;
  readonly source: string;
  readonly folder: string;
}

async function stageOne(
  { manifest, source, folder }: Source,
  packages: ReadonlyMap<string, Source>,
  stage: (name: string, one: Source) => Promise<PackedPackage>,
): Promise<PackedPackage> {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const needed = names.flatMap((name): [string, Source][] => {
    const one = packages.get(name);
    return one ? [[name, one]] : [];
  });
  await Promise.all(needed.map(([name, one]) => stage(name, one)));
  const types = needed.map(([name, one]): [string, string] => [name, join(one.folder, 'dist/index.d.ts')]);
  await compile({ source, target: folder, typesOf: Object.fromEntries(types) });
  await rm(join(folder, 'tsconfig.json'));
  const api = packages.get('@parley/api');
  if (manifest.name === '@parley/client' && api) await giveRouterType(api.folder, folder);

  const versions = new Map([...packages].map(([name, one]) => [name, one.manifest.version]));
  const published = publishedManifest(manifest, versions);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await copyFile(join(source, 'README.md'), join(folder, 'README.md'));
  const { name, version } = manifest;
  return { name, version, folder, tarball: await pack(folder) };
}

async function pack(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--ignore-scripts'], {
    cwd: folder,
  });
  const [packed]: { filename: string }[] = JSON.parse(stdout);
  if (!packed) throw new Error(`npm packed nothing in ${folder}`);
  return join(folder, packed.filename);
}
