import { setTimeout as delay } from 'node:timers/promises';
import { prepareRound } from '../measure-round.ts';
import type { Column, Comparison } from './comparison.ts';
import { floorAndServerSides } from './floor-and-server.ts';

/** Longer than the server lets text wait for the log. */
const SETTLING_MS = 500;

const live: Column = { title: 'live KB/stream', measure: 'liveKilobytes', digits: 1 };

/** The memory of a stream whose model is silent after half of the answer. */
export const openStream: Comparison = {
  title: 'Memory of an open stream, its turn included',
  concurrencies: [200],
  columns: [live],
  spread: live,
  warmUps: [{ concurrency: 200, count: 200 }],
  countOf: (concurrency) => concurrency,
  sides: (lab) => floorAndServerSides(lab, 'hold-stream'),
  async measure(lab, { subject, loadOf }, size) {
    await prepareRound(lab, subject, await loadOf(size));
    const before = await subject.child.ask<number>('live-memory');
    await lab.load.ask('open');
    await delay(SETTLING_MS);
    const open = await subject.child.ask<number>('live-memory');
    await lab.model.ask('release');
    await lab.load.ask('finish');
    await lab.load.ask('verify');
    return { liveKilobytes: (open - before) / 1_024 / size.count };
  },
};
