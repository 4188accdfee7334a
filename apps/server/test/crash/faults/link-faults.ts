import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from '../lab/link.ts';
import { type Fault, type Target, untilSurprising } from './fault.ts';

type LinkName = 'database' | 'model';

/** The faults of the network between a server and its database or model. */
export const linkFaults: readonly Fault[] = (['database', 'model'] as const).flatMap((name) => [
  delayed(name),
  reset(name),
  halfOpen(name),
]);

function linkOf({ site }: Target, name: LinkName): Link {
  const link = name === 'model' ? site.modelLink : site.databaseLink;
  if (!link) throw new Error('this lab has no link to its database');
  return link;
}

function faultOf(name: LinkName, what: string): Omit<Fault, 'strike'> {
  const harmsModel = name === 'model';
  return { name: `${name}-${what}`, database: 'one node', harmsModel, holdsUpTurns: true, drains: false };
}

/** Nothing is lost, but everything arrives later than the lease lasts: requests that were given up still arrive. */
function delayed(name: LinkName): Fault {
  return {
    ...faultOf(name, 'delayed'),
    async strike(target) {
      const link = linkOf(target, name);
      link.holdUp();
      target.lab.proceed();
      await untilSurprising(target);
      link.mend();
    },
  };
}

/**
 * Connections break, most of them just before a response: the request was executed, but its sender does not know
 * that.
 */
function reset(name: LinkName): Fault {
  return {
    ...faultOf(name, 'reset'),
    async strike(target) {
      const link = linkOf(target, name);
      link.reset();
      target.lab.proceed();
      await delay(target.lab.bounds.leaseMs / 2);
      link.mend();
    },
  };
}

/** The other end vanishes without closing the connection. In half of the cases it still receives the requests. */
function halfOpen(name: LinkName): Fault {
  return {
    ...faultOf(name, 'half-open'),
    async strike(target) {
      const link = linkOf(target, name);
      link.halfOpen(target.random.chance(0.5) ? 'replies' : 'both');
      target.lab.proceed();
      await untilSurprising(target);
      link.mend();
    },
  };
}
