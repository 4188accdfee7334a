import { setTimeout as delay } from 'node:timers/promises';
import { compactAs } from '@parley/contract';
import type { Models } from '../models.ts';
import type { EncryptionKey, EncryptionKeys } from './encryption-key.ts';
import {
  checkOf,
  type EncryptionDocument,
  type KeyProblem,
  problemOfKeys,
  sentenceOfProblem,
} from './encryption-state.ts';
import { type ClearedSecrets, clearSecrets, type SecretCounts, walkSecrets } from './walk-secrets.ts';

/** The encryption of a database, as its operator sees it. */
export interface EncryptionStatus {
  /** Whether new secrets are sealed. */
  readonly isOn: boolean;
  /** The id of the database's key. Absent if it has none. */
  readonly keyId?: string;
  /** The id of the previous key, while a rotation has not finished. */
  readonly rotatingFrom?: string;
  /** The reason why a process with these keys must not write secrets. */
  readonly problem?: KeyProblem;
  readonly secrets: SecretCounts;
}

/** The operator's control of a database's encryption. Every function can be repeated after a crash. */
export interface EncryptionControl {
  /** Whether this process has a key. */
  readonly hasKey: boolean;
  status(): Promise<EncryptionStatus>;
  /** Seals new secrets from now on, and those that are plain. @throws Error with a sentence for the operator */
  turnOn(signal?: AbortSignal): Promise<EncryptionStatus>;
  /** Whether new secrets are sealed. */
  isOn(): Promise<boolean>;
  /**
   * Seals everything with the current key. When it returns and no secret is left under the previous key, that key may
   * be deleted.
   *
   * @throws Error with a sentence for the operator
   */
  rotate(): Promise<EncryptionStatus>;
  /**
   * For a lost key: removes all signing secrets and the values of all tool headers, replaces the key of visitors'
   * cookies, and takes `key` from now on.
   *
   * @throws Error with a sentence for the operator
   */
  reset(key: EncryptionKey): Promise<ClearedSecrets>;
}

/**
 * A write that read the key before the change can still be running for this long; longer than any call of a store may
 * take.
 */
const SETTLE_MS = 15_000;

/**
 * Creates the operator's control of encryption. `settleMs` is the time that writes with the previous key may still take;
 * set it only in tests.
 */
export function createEncryptionControl(
  models: Models,
  keys: EncryptionKeys | undefined,
  settleMs: number = SETTLE_MS,
): EncryptionControl {
  const { encryption } = models;
  const read = () => encryption.findOne({ _id: 'encryption' }).lean<EncryptionDocument>();

  async function status(): Promise<EncryptionStatus> {
    const state = await read();
    const problem = state && problemOfKeys(state, keys);
    const secrets = await walkSecrets(models, keys);
    if (!state) return { isOn: false, secrets };
    const { isOn, keyId, rotatingFrom } = state;
    return compactAs<EncryptionStatus>({ isOn, keyId, rotatingFrom, problem: problem ?? undefined, secrets });
  }

  /** The walk runs twice, because writes during the first one may still have used the former state. */
  async function sealAll({ current, previous }: EncryptionKeys, signal?: AbortSignal): Promise<void> {
    await walkSecrets(models, { current, previous }, { sealAll: true, signal });
    await delay(settleMs, undefined, { signal });
    await walkSecrets(models, { current, previous }, { sealAll: true, signal });
  }

  async function ready(): Promise<{ state: EncryptionDocument; keys: EncryptionKeys }> {
    const state = await read();
    if (!state) throw new Error(NO_KEY_YET);
    const problem = problemOfKeys(state, keys);
    if (problem || !keys) throw new Error(sentenceOfProblem[problem ?? 'no key']);
    return { state, keys };
  }

  return {
    hasKey: keys !== undefined,
    status,

    isOn: async () => (await read())?.isOn === true,

    async turnOn(signal) {
      const { keys: ours } = await ready();
      await encryption.updateOne(
        { _id: 'encryption', isOn: false },
        { $set: { isOn: true, isPending: true } },
      );
      await sealAll(ours, signal);
      await encryption.updateOne({ _id: 'encryption' }, { $unset: { isPending: 1 } });
      return status();
    },

    async rotate() {
      const { state, keys: ours } = await ready();
      const { current, previous } = ours;
      if (state.keyId !== current.id) {
        // `ready` has checked that the previous key of this process is the database's key.
        await encryption.updateOne(
          { _id: 'encryption', keyId: state.keyId },
          {
            $set: { ...checkOf(current), rotatingFrom: state.keyId },
            $push: { retired: state.keyId },
          },
        );
      } else if (state.rotatingFrom === undefined) {
        throw new Error(previous ? NOTHING_TO_ROTATE : NO_NEW_KEY);
      }
      if (state.isOn) await sealAll(ours);
      const { secrets } = await status();
      if (secrets.underPreviousKey === 0) {
        await encryption.updateOne({ _id: 'encryption', keyId: current.id }, { $unset: { rotatingFrom: 1 } });
      }
      return status();
    },

    async reset(key) {
      const state = await read();
      if (!state) throw new Error(NO_KEY_YET);
      if (state.retired.includes(key.id)) throw new Error(sentenceOfProblem['retired key']);
      const retired = state.keyId === key.id ? [] : [state.keyId];
      // This comes first, so that servers with the lost key write no more secrets.
      await encryption.updateOne(
        { _id: 'encryption' },
        {
          $set: { ...checkOf(key), isOn: true },
          $unset: { rotatingFrom: 1 },
          $addToSet: { retired: { $each: retired } },
        },
      );
      return clearSecrets(models, key);
    },
  };
}

const NO_KEY_YET =
  'This database has no encryption key yet. Make one (`openssl rand -base64 32`), start every server with it as ' +
  'ENCRYPTION_KEY, and run this again.';
const NO_NEW_KEY =
  'There is no new key to rotate to. Set ENCRYPTION_KEY to a new key and ENCRYPTION_KEY_PREVIOUS to the present one, ' +
  'for every server and for this command.';
const NOTHING_TO_ROTATE =
  'Everything is encrypted with ENCRYPTION_KEY already. Remove ENCRYPTION_KEY_PREVIOUS from every server.';
