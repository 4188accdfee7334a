import { compactAs } from '@parley/contract';
import { isDuplicateKey } from '../connection/database-errors.ts';
import type { Models } from '../models.ts';
import { type EncryptionKey, type EncryptionKeys, parseEncryptionKey } from './encryption-key.ts';
import { checkOf, type EncryptionDocument, problemOfKeys, sentenceOfProblem } from './encryption-state.ts';
import type { UnreadableSecret } from './vault.ts';

/** A new key that is stored outside the database. */
export interface MadeKey {
  readonly key: EncryptionKey;
  /** Removes it again, because another server stored its key first. */
  discard(): Promise<void>;
}

/** The keys of a process, and its behavior without the right one. */
export interface EncryptionOptions {
  readonly keys?: EncryptionKeys | undefined;
  /** Creates the key of a database that has none. Without this function such a database stays without encryption. */
  readonly makeKey?: ((database: { readonly isNew: boolean }) => Promise<MadeKey | undefined>) | undefined;
  readonly onUnreadable?: ((secret: UnreadableSecret) => void) | undefined;
  /** Continues with a wrong key or none, for commands that need no secret. Writing a secret is still rejected. */
  readonly isKeyOptional?: boolean | undefined;
  /** The longest time that a write may take which began before a change of the key. */
  readonly settleMs?: number | undefined;
  /** The interval at which a server checks whether secrets of an earlier release can be encrypted. */
  readonly pollMs?: number | undefined;
}

/**
 * Matches this process's keys with the database: the first server stores its key's id and check value, by one unique
 * insert; every other one must have that key. A new database is encrypted from its first secret on; in a database of
 * an earlier version, encryption stays off until its operator turns it on.
 *
 * @returns the keys this process continues with @throws Error with a sentence for the operator: no key, or another
 * one
 */
export async function ensureEncryption(
  { encryption, teams }: Pick<Models, 'encryption' | 'teams'>,
  options: EncryptionOptions,
): Promise<EncryptionKeys | undefined> {
  const { keys, makeKey, isKeyOptional = false } = options;
  const read = () => encryption.findOne({ _id: 'encryption' }).lean<EncryptionDocument>();
  const known = await read();
  if (known) return checked(known, keys, isKeyOptional);
  if (!keys && !makeKey) return undefined;
  const isNew = (await teams.findOne({}, { _id: 1 }).lean()) === null;
  const made = keys ? undefined : await makeKey?.({ isNew });
  const ours = keys ?? (made && { current: made.key });
  if (!ours) return undefined;
  try {
    const state = { ...checkOf(ours.current), isOn: isNew, retired: [], createdAt: new Date() };
    await encryption.insertMany([{ _id: 'encryption', ...state }], { lean: true });
    return ours;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const others = await read();
    if (!others) throw error;
    if (others.keyId !== ours.current.id) await made?.discard();
    return checked(others, made ? undefined : keys, isKeyOptional);
  }
}

function checked(
  state: EncryptionDocument,
  keys: EncryptionKeys | undefined,
  isKeyOptional: boolean,
): EncryptionKeys | undefined {
  const problem = problemOfKeys(state, keys);
  if (problem && !isKeyOptional) throw new Error(sentenceOfProblem[problem]);
  return keys;
}

/** The keys of a process, from the operator's settings. @throws Error that names the variable */
export function readEncryptionKeys(
  current: string | undefined,
  previous: string | undefined,
): EncryptionKeys | undefined {
  const key = current === undefined ? undefined : parseEncryptionKey(current);
  const before = previous === undefined ? undefined : parseEncryptionKey(previous);
  if (current !== undefined && !key) throw new Error(malformed('ENCRYPTION_KEY'));
  if (previous !== undefined && !before) throw new Error(malformed('ENCRYPTION_KEY_PREVIOUS'));
  if (!key && before) throw new Error('ENCRYPTION_KEY_PREVIOUS is set without ENCRYPTION_KEY. Set both.');
  return key && compactAs<EncryptionKeys>({ current: key, previous: before });
}

function malformed(variable: string): string {
  return `${variable} must be 32 bytes in base64 or hex, such as \`openssl rand -base64 32\` makes.`;
}
