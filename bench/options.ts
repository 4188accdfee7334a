import { parseArgs } from 'node:util';
import { type ComparisonName, comparisonNames } from './comparisons/comparison-name.ts';

/** The options of a run of the benchmark. */
export interface Options {
  /** How long one round of the server takes, about; the floor does the same amount of work. */
  readonly seconds: number;
  /** How often each side is measured, by turns. */
  readonly rounds: number;
  /** Undefined: those of each comparison. */
  readonly concurrencies: readonly number[] | undefined;
  readonly comparisons: readonly ComparisonName[];
  /** A MongoDB that runs already, instead of one made for the run. Must be a replica set. */
  readonly mongodbUri: string | undefined;
  readonly isProfile: boolean;
  readonly isWrite: boolean;
}

/** Memory has no profile of the CPU. */
const profiledNames = comparisonNames.filter((name) => name !== 'open-stream');

const usage = `npm run bench -- [options]
  --seconds <n>      how long a round of the server takes, about (1.5; with --profile 6)
  --rounds <n>       rounds of each side (5)
  --quick            a short look: 0.5 seconds, 3 rounds; too few to quote
  --operation <name> only this one, repeatable: ${comparisonNames.join(', ')}
  --concurrency <n>  only this many at once, repeatable (1, 16, 64; streams 1, 50, 200)
  --mongodb <uri>    use a MongoDB that runs; its databases parley_bench_* are dropped
  --profile          show where the CPU goes instead of measuring
  --write            put the table into docs/performance.md
`;

/** @throws Error with a sentence and the usage when the arguments cannot be understood */
export function readOptions(args: readonly string[]): Options {
  try {
    return toOptions(parse(args));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      operation: { type: 'string', multiple: true },
      concurrency: { type: 'string', multiple: true },
      mongodb: { type: 'string' },
      profile: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  }).values;
}

function toOptions(values: ReturnType<typeof parse>): Options {
  const { quick, profile } = values;
  if (values.write && (quick || profile || values.operation || values.concurrency)) {
    throw new Error('--write goes with a whole run only.');
  }
  const secondsDefault = profile ? 6 : quick ? 0.5 : 1.5;
  return {
    seconds: values.seconds === undefined ? secondsDefault : positive('--seconds', values.seconds),
    rounds: values.rounds === undefined ? (quick ? 3 : 5) : Math.ceil(positive('--rounds', values.rounds)),
    concurrencies: values.concurrency?.map((text) => Math.ceil(positive('--concurrency', text))),
    comparisons: toComparisons(values.operation, profile),
    mongodbUri: values.mongodb,
    isProfile: profile,
    isWrite: values.write,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 1_000)) throw new Error(`${name} must be a number above 0, up to 1000.`);
  return number;
}

/** In their own order, for any order on the command line. */
function toComparisons(names: readonly string[] | undefined, isProfile: boolean): readonly ComparisonName[] {
  const known: readonly ComparisonName[] = isProfile ? profiledNames : comparisonNames;
  const unknown = names?.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined)
    throw new Error(`There is no operation ${unknown} to ${isProfile ? 'profile' : 'measure'}.`);
  return known.filter((name) => names?.includes(name) ?? true);
}
