import type { Comparison, Sample, Side, Sides, Size } from './comparisons/comparison.ts';
import { comparisons } from './comparisons/comparisons.ts';
import type { Lab } from './lab/lab.ts';
import { measureRound } from './measure-round.ts';
import type { Options } from './options.ts';

/** The rounds of one comparison at one concurrency: pairs measured one right after the other. */
export interface Measurement {
  readonly comparison: Comparison;
  readonly concurrency: number;
  /** The names of the two sides. */
  readonly names: readonly [base: string, other: string];
  readonly rounds: readonly { readonly base: Sample; readonly other: Sample }[];
}

/** Enough to guess how fast it goes at some concurrency. */
const TRIAL_OPERATIONS = 200;
const OPERATIONS_MIN = 50;

/**
 * Measures each comparison at each concurrency. A round is a fixed number of operations, the same for both
 * sides, so that both work on the same histories; the sides take turns, and so does who begins.
 */
export async function measureAll(
  lab: Lab,
  options: Options,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const name of options.comparisons) {
    const comparison = comparisons[name];
    const sides = await comparison.sides(lab, options);
    await warmUp(lab, comparison, sides);
    for (const concurrency of options.concurrencies ?? comparison.concurrencies) {
      say(`${name}, ${concurrency} at once …`);
      measurements.push(await measure(lab, comparison, sides, { ...options, concurrency }));
    }
    await comparison.verify?.(lab);
  }
  return measurements;
}

/** Does the work of a comparison until the compilers have done theirs. */
export async function warmUp(lab: Lab, comparison: Comparison, sides: Sides): Promise<void> {
  for (const size of comparison.warmUps)
    for (const side of sides) await measureSide(lab, comparison, side, size);
}

async function measure(
  lab: Lab,
  comparison: Comparison,
  sides: Sides,
  options: Options & { readonly concurrency: number },
): Promise<Measurement> {
  const [base, other] = sides;
  const { concurrency } = options;
  const count = await countFor(lab, comparison, other, options);
  const round = (side: Side) => measureSide(lab, comparison, side, { concurrency, count });
  const rounds: Measurement['rounds'][number][] = [];
  const roundCount = Math.min(options.rounds, comparison.roundsMax ?? options.rounds);
  for (let index = 0; index < roundCount; index++) {
    if (index % 2 === 0) {
      const sample = await round(base);
      rounds.push({ base: sample, other: await round(other) });
    } else {
      const sample = await round(other);
      rounds.push({ base: await round(base), other: sample });
    }
  }
  return { comparison, concurrency, names: [base.name, other.name], rounds };
}

/** How many operations the second side does in the given time, as a short trial says. */
export async function countFor(
  lab: Lab,
  { countOf }: Comparison,
  { subject, loadOf }: Side,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<number> {
  if (countOf) return countOf(concurrency, seconds);
  const trial = await loadOf({ concurrency, count: TRIAL_OPERATIONS });
  const { throughput } = await measureRound(lab, subject, trial);
  return Math.max(OPERATIONS_MIN, Math.round((seconds * throughput) / concurrency) * concurrency);
}

async function measureSide(lab: Lab, { measure }: Comparison, side: Side, size: Size): Promise<Sample> {
  return measure ? measure(lab, side, size) : measureRound(lab, side.subject, await side.loadOf(size));
}
