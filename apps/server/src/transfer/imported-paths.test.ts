import { answerIdOf, type Id, mintId, type TransferTurn } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { ImportedPaths } from './imported-paths.ts';

interface Place {
  readonly parent?: number;
  /** The turn whose message it answers again. */
  readonly again?: Id<'turn'>;
  readonly id?: Id<'turn'>;
  readonly removedAt?: string;
}

function turnAt(
  sequence: number,
  { parent, again, id = mintId('turn'), removedAt }: Place = {},
): TransferTurn {
  const at = new Date(sequence).toISOString();
  return {
    ...{ type: 'turn', id, sequence, status: 'failed', takeovers: 0, attempts: 1, usage: [] },
    ...{ answerId: answerIdOf(id), messages: [], textBytes: 0, createdAt: at, endedAt: at },
    ...(parent !== undefined && { parent }),
    ...(again && { retryOf: { turn: again, userMessageId: mintId('message') } }),
    ...(removedAt && { removedAt }),
  };
}

/** The places of turns, in order. */
function placesOf(...turns: readonly TransferTurn[]) {
  const paths = new ImportedPaths();
  return { places: turns.map((turn) => paths.place(turn)), hasVersions: paths.hasVersions };
}

describe('the paths of an import', () => {
  test('turns without parents follow each other, and their chat has no versions', () => {
    const failed = turnAt(1);
    expect(placesOf(failed, turnAt(2, { again: failed.id }), turnAt(3))).toEqual({
      places: [{}, {}, {}],
      hasVersions: false,
    });
  });

  test('paths are computed from the parents, whatever an export says of them', () => {
    const second = turnAt(2);
    const { places, hasVersions } = placesOf(
      { ...turnAt(1), path: [7, 9] } as TransferTurn,
      second,
      turnAt(3, { parent: 1 }),
      turnAt(4, { parent: 3 }),
      turnAt(5, { parent: 1, again: second.id }),
      turnAt(6, { parent: 0 }),
    );
    expect(places).toEqual([
      {},
      {},
      { path: [1, 1, 3, 3] },
      { path: [1, 1, 3, 4] },
      { path: [1, 2, 5, 5] },
      { path: [6, 6] },
    ]);
    expect(hasVersions).toBe(true);
  });

  test('a removed message makes a chat with versions, because lists leave it out', () => {
    expect(placesOf(turnAt(1, { removedAt: new Date(1).toISOString() })).hasVersions).toBe(true);
  });

  test.each([
    ['itself', 2, 'it follows the later turn 2.'],
    ['a later turn', 3, 'it follows the later turn 3.'],
  ])('a turn that follows %s is rejected', (_name, parent, sentence) => {
    expect(placesOf(turnAt(1), turnAt(2, { parent }), turnAt(3, { parent: 2 })).places[1]).toBe(sentence);
  });

  test('a turn that follows a missing turn is rejected', () => {
    expect(placesOf(turnAt(1), turnAt(3, { parent: 2 })).places[1]).toBe(
      'it follows the turn 2, which is missing.',
    );
  });

  test('a version of the answer of a missing turn is rejected', () => {
    const missing = mintId('turn');
    expect(placesOf(turnAt(1), turnAt(2, { parent: 0, again: missing })).places[1]).toBe(
      `it answers the turn ${missing} again, which is missing.`,
    );
  });

  test('a path with more than 256 ranges is rejected', () => {
    const turns = [turnAt(1)];
    // Every second turn is left out.
    for (let sequence = 2; sequence <= 260; sequence++)
      turns.push(turnAt(2 * sequence - 2), turnAt(2 * sequence - 1, { parent: 2 * sequence - 3 }));
    const rejected = placesOf(...turns).places.find((place) => typeof place === 'string');
    expect(rejected).toBe('its path has too many ranges.');
  });
});
