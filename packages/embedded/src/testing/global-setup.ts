import type { TestProject } from 'vitest/node';
import { startTestMongo } from './test-mongo.ts';

/** vitest's global set-up: starts one MongoDB for all test files, which get its address by `inject('mongoUri')`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mongo = await startTestMongo((line) => process.stderr.write(`${line}\n`));
  project.provide('mongoUri', mongo.uri);
  return mongo.stop;
}
