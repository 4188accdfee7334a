import { Session } from 'node:inspector/promises';

const SAMPLE_MICROSECONDS = 200;
const session = new Session();

/** What a measured process can be asked about itself. Between questions this does nothing. */
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
