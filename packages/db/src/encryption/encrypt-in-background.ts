import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../migrations/lease.ts';
import type { DatabaseLog } from '../migrations/migration.ts';
import type { Models } from '../models.ts';
import type { EncryptionControl } from './encryption-control.ts';
import type { EncryptionDocument } from './encryption-state.ts';

/** From this schema version on, servers read sealed secrets. Release 0.1.0 counts as 0. */
const READS_SEALED = 1;
const POLL_MS = 60_000;

/** The dependencies of `encryptInBackground`. */
export interface EncryptInBackgroundDeps {
  readonly models: Pick<Models, 'encryption'>;
  readonly control: EncryptionControl;
  /** One process holds it at a time. */
  readonly lease: Lease;
  readonly minimumSchemaVersion: () => Promise<number>;
  readonly log: DatabaseLog;
  readonly signal: AbortSignal;
  /** The interval of checks, in milliseconds. */
  readonly pollMs?: number | undefined;
}

/**
 * Encrypts the secrets of a database of an earlier version, once no server is left that could not read them. Ends when
 * that is done, or when `signal` aborts.
 */
export async function encryptInBackground(deps: EncryptInBackgroundDeps): Promise<void> {
  const { control, lease, log, signal, pollMs = POLL_MS } = deps;
  while (!signal.aborted) {
    try {
      const next = await nextOf(deps);
      if (next === 'done') return;
      if (next === 'seal') await lease.run((held) => seal(control, log, held));
    } catch (error) {
      if (!signal.aborted) log('warn', 'encrypting stored secrets failed; it is tried again', { error });
    }
    // Jitter keeps servers from checking at the same time.
    await delay(pollMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}

async function nextOf({
  models,
  minimumSchemaVersion,
}: EncryptInBackgroundDeps): Promise<'done' | 'seal' | 'wait'> {
  const state = await models.encryption.findOne({ _id: 'encryption' }).lean<EncryptionDocument>();
  if (!state) return 'wait';
  if (state.isOn) return state.isPending ? 'seal' : 'done';
  return (await minimumSchemaVersion()) >= READS_SEALED ? 'seal' : 'wait';
}

async function seal(control: EncryptionControl, log: DatabaseLog, signal: AbortSignal): Promise<void> {
  log('info', 'stored secrets are being encrypted', {});
  const { secrets } = await control.turnOn(signal);
  log('info', 'stored secrets are encrypted', { ...secrets });
}
