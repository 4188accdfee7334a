import type { TestProject } from 'vitest/node';
import { startTestMongo } from './test-mongo.ts';

/** vitest's global set-up: one MongoDB for all test files, found by `inject('mongoUri')`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mongo = await startTestMongo((line) => process.stderr.write(`${line}\n`));
  project.provide('mongoUri', mongo.uri);
  return mongo.stop;
}
