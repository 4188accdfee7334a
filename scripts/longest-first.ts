import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LONGEST_TESTS } from './test-files.ts';

/** Starts the files first that take longest, so that no worker waits for one of them at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    // Workers are shared within a project, so its files stay together.
    return projects.flatMap((name) =>
      sorted
        .filter(({ project }) => project.name === name)
        .sort((a, b) => Number(isLong(b)) - Number(isLong(a))),
    );
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONGEST_TESTS.some((file) => moduleId.endsWith(`/${file}`));
}
