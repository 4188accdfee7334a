import { setTimeout as delay } from 'node:timers/promises';
import { type ChatPage, type Visit, visit } from './visitor.ts';

/** A company's first minute on the internet: three hundred visitors at addresses of their own, and an office of a hundred. */
export const FIRST_MINUTE: Arrivals = { visitors: 400, perMinute: 400 };

/** The address under which browsers open the page. */
export const PUBLIC_URL = 'https://chat.example';

/** The environment of the scenario's server beside its defaults: each visitor names an address of their own. */
export const SERVER_ENV = { WEB_APP: 'on', PUBLIC_URL, TRUST_PROXY: 'loopback' };

export interface Arrivals {
  readonly visitors: number;
  readonly perMinute: number;
}

const OFFICE = '203.0.113.7';
/** Every fourth visitor sits in the office. */
const OFFICE_EVERY = 4;
const MINUTE_MS = 60_000;

/** Visitors who arrive one after the other, evenly; each is on the page before the last one has left it. */
export function visitAll(
  page: Omit<ChatPage, 'publicUrl'>,
  { visitors, perMinute }: Arrivals,
): Promise<readonly Visit[]> {
  return Promise.all(
    Array.from({ length: visitors }, async (_, index) => {
      await delay((MINUTE_MS / perMinute) * index);
      return visit({ ...page, publicUrl: PUBLIC_URL }, addressOf(index));
    }),
  );
}

function addressOf(index: number): string {
  if (index % OFFICE_EVERY === OFFICE_EVERY - 1) return OFFICE;
  return `198.51.${100 + Math.floor(index / 250)}.${index % 250}`;
}
