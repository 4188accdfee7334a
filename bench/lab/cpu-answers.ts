import { Session } from 'node:inspector/promises';

const SAMPLE_MICROSECONDS = 200;
const session = new Session();

/** Answers questions about a measured process's CPU. Between questions it does nothing. */
export const cpuAnswers = {
  /** User and system time of the whole process, all its threads, in milliseconds. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },

  'start-profile': async () => {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await session.post('Profiler.start');
  },

  'stop-profile': async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return profile;
  },
};
