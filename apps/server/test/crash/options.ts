import { parseArgs } from 'node:util';
import { CROWD } from './crowd.ts';
import { matrix } from './matrix.ts';
import { ROLLING_RESTART } from './rolling-restart.ts';

/** The options of a run of the crash matrix. */
export interface Options {
  readonly seed: number;
  /** The names of the cells to run. */
  readonly cells: readonly string[];
  /** The number of turns in each cell. */
  readonly turns: number;
  readonly isWrite: boolean;
  /** The folder that keeps the servers' logs. */
  readonly logFolder: string | undefined;
  /** For a busy machine: the promised times are extended by this much. */
  readonly patienceMs?: number;
}

const TURNS = 24;
const SEED_MAX = 2 ** 31 - 1;

const usage = `npm run crash-test -- [options]
  --seed <n>     repeats the choices of an earlier run (else any)
  --cell <text>  only the cells whose name holds this, repeatable: kill-9@in-stream, step-down, @after-end,
                 ${ROLLING_RESTART}, ${CROWD}
  --turns <n>    turns of each cell (${TURNS})
  --logs <path>  keep the servers' logs in this folder
  --write        put the table into docs/durability.md
`;

/** @throws Error with a sentence and the usage when the arguments are invalid */
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
      seed: { type: 'string' },
      cell: { type: 'string', multiple: true },
      turns: { type: 'string' },
      logs: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  }).values;
}

function toOptions({ seed, cell, turns, logs, write }: ReturnType<typeof parse>): Options {
  if (write && (cell || turns)) throw new Error('--write goes with a whole run only.');
  return {
    seed: seed === undefined ? Math.floor(Math.random() * SEED_MAX) : whole('--seed', seed),
    cells: cellsNamed(cell),
    turns: turns === undefined ? TURNS : whole('--turns', turns),
    isWrite: write,
    logFolder: logs,
  };
}

function cellsNamed(parts: readonly string[] | undefined): string[] {
  const names = [...matrix.map(({ name }) => name), ROLLING_RESTART, CROWD];
  if (!parts) return names;
  const found = names.filter((name) => parts.some((part) => name.includes(part)));
  if (found.length === 0) throw new Error(`No cell has ${parts.join(' or ')} in its name.`);
  return found;
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > SEED_MAX)
    throw new Error(`${name} must be a whole number from 1 on.`);
  return number;
}
