import { type Fault, untilSurprising } from './fault.ts';

const harmless = { database: 'one node', harmsModel: false, holdsUpTurns: false, drains: false } as const;

/** The process dies at once, and its supervisor starts another one. */
export const kill: Fault = {
  ...harmless,
  name: 'kill-9',
  async strike({ site: { slot } }) {
    slot.signal('SIGKILL');
    await slot.exited();
    await slot.start();
  },
};

/** The process gets SIGTERM while a call is held: it drains, hands over and ends, and another one starts. */
export const terminate: Fault = {
  ...harmless,
  name: 'sigterm',
  drains: true,
  async strike({ lab, site: { slot } }) {
    slot.signal('SIGTERM');
    await slot.stopping;
    lab.proceed();
    await slot.exited();
    await slot.start();
  },
};

/**
 * The process is suspended for longer than its leases, and then resumes, in some cases while another one runs its
 * turns.
 */
export const suspend: Fault = {
  ...harmless,
  name: 'sigstop-sigcont',
  async strike(target) {
    const { lab, site } = target;
    site.slot.signal('SIGSTOP');
    await untilSurprising(target);
    site.slot.signal('SIGCONT');
    lab.proceed();
  },
};
