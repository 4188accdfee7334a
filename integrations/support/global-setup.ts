import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PackedPackage, stagePackages } from '../../scripts/packages/stage-packages.ts';
import { startPackageRegistry } from './package-registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Every package as npm would publish it, as the sources are now. */
    packed: PackedPackage[];
    /** A registry that has them, and nothing else. */
    packageRegistry: string;
  }
}

/** Builds and packs the packages once, and serves them to the projects that install them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-packages-'));
  const packed = await stagePackages(folder);
  const registry = await startPackageRegistry(packed);
  project.provide('packed', packed);
  project.provide('packageRegistry', registry.url);
  return async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  };
}
