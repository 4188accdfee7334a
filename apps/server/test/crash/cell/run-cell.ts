import type { Harm, SentMessage } from '../judge/history.ts';
import type { Lab } from '../lab/lab.ts';
import type { Cell } from '../matrix.ts';
import type { Random } from '../random.ts';
import { AcknowledgedWrites } from './acknowledged-writes.ts';
import { type CellResult, resultOf } from './cell-result.ts';
import { type CredentialKinds, credentialKinds } from './credential-kinds.ts';
import { checkDeletion, type Deletion, deleteWhileWriting } from './deletions.ts';
import { NewCredential } from './new-credentials.ts';
import { promisesOf } from './promises.ts';
import { Retention } from './retention.ts';
import { createChat, Scene } from './scene.ts';
import { strike } from './strike.ts';
import { AccessWithdrawal } from './withdrawals.ts';
import { writeMessages } from './writers.ts';

export interface CellSize {
  readonly turns: number;
  /** How often the fault is injected; the turns are distributed over the injections. */
  readonly strikes: number;
}

/** The number of users in each chat at once. */
const PEOPLE = [1, 2, 1, 2] as const;

/**
 * Runs one cell: users write, chats are deleted, faults are injected, everything settles, and the observations are
 * judged.
 */
export async function runCell(lab: Lab, cell: Cell, size: CellSize, random: Random): Promise<CellResult> {
  const scene = await Scene.open(lab, PEOPLE.length, random);
  const messages: SentMessage[] = [];
  const harms: Harm[] = [];
  const deletions: Deletion[] = [];
  const retentions: Retention[] = [];
  const withdrawals: AccessWithdrawal[] = [];
  const writes: AcknowledgedWrites[] = [];
  const offences: string[] = [];
  const firstKinds = random.fork('credentials').between(0, credentialKinds.length - 1);
  const count = Math.ceil(size.turns / size.strikes / PEOPLE.length);
  for (let round = 1; round <= size.strikes; round++) {
    const nameOf = (part: string) => `${cell.name}/${part}/round-${round}`;
    const { withdrawn, created } = kindsOf(firstKinds + round);
    const [{ id: toDelete }, retention, withdrawal, credential, acknowledged] = await Promise.all([
      createChat(lab),
      Retention.open(lab, nameOf('retained'), random.fork(nameOf('retained'))),
      AccessWithdrawal.open(lab, nameOf('withdrawn'), withdrawn),
      NewCredential.open(lab, nameOf('created'), created),
      AcknowledgedWrites.open(lab, nameOf('acknowledged')),
    ]);
    retentions.push(retention);
    withdrawals.push(withdrawal);
    writes.push(acknowledged);
    const isOver = new AbortController();
    const writing = scene.chats.map((chat, index) => {
      const name = nameOf(`chat-${index + 1}`);
      return writeMessages(lab, { chat, name, count, people: PEOPLE[index] ?? 1 }, random.fork(name));
    });
    const written = Promise.all(writing).finally(() => isOver.abort());
    const [sent, harm, deletion] = await Promise.all([
      written,
      strike(lab, cell, random, isOver.signal),
      deleteWhileWriting(lab, toDelete, nameOf('deleted'), random.fork(nameOf('deleted'))),
      retention.run(random.fork(nameOf('retention'))),
      withdrawal.run(random.fork(nameOf('withdrawal'))),
      credential.create(random.fork(nameOf('credential'))),
      acknowledged.run(random.fork(nameOf('acknowledged'))),
    ]);
    offences.push(...(await credential.check()));
    deletions.push(deletion);
    messages.push(...sent.flat());
    if (harm) harms.push(harm);
  }
  const retained = await Promise.all(retentions.map((retention) => retention.finish()));
  const episodes = [...retained, ...withdrawals.map(({ episode }) => episode)];
  const observed = await scene.end(messages, episodes);
  const ofDeletions = await Promise.all(deletions.map((deletion) => checkDeletion(lab, deletion)));
  const troubles = [...observed.troubles, ...ofDeletions.flat(), ...offences];
  const promises = promisesOf(cell.fault, lab, harms.length);
  return resultOf(cell.name, { ...observed, troubles, harms, promises }, size.strikes, {
    withdrawals,
    writes,
  });
}

function kindsOf(place: number): CredentialKinds {
  const kinds = credentialKinds[place % credentialKinds.length];
  if (!kinds) throw new RangeError('no kinds of credentials');
  return kinds;
}
