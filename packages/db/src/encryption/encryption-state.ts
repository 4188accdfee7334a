import type { EncryptionKey, EncryptionKeys } from './encryption-key.ts';

/** The only document of the collection: the key that seals a database's secrets. */
export interface EncryptionDocument {
  _id: 'encryption';
  keyId: string;
  /** A known text, sealed with the key. It proves that a key with this id is the same key. */
  check: string;
  /** Whether new secrets are sealed. Off in a database of an earlier version, until its operator turns it on. */
  isOn: boolean;
  /** Set while secrets may exist that were stored before encryption was turned on. */
  isPending?: true;
  /** The previous key, while a rotation runs: some texts are still sealed with it. */
  rotatingFrom?: string;
  /** Keys that a rotation has replaced. None of them may seal again. */
  retired: string[];
  createdAt: Date;
}

const CHECK_PLACE = { team: '', document: 'encryption', field: 'check' };
const CHECK_TEXT = 'parley';

/** The stored fields of a key: its id, and a known text that it sealed. */
export function checkOf(key: EncryptionKey): Pick<EncryptionDocument, 'keyId' | 'check'> {
  return { keyId: key.id, check: key.seal(CHECK_PLACE, CHECK_TEXT) };
}

/** The reason why a process must not seal secrets for a database. */
export type KeyProblem =
  /** The database has a key and this process has none. */
  | 'no key'
  /** This process has another key than the database. */
  | 'other key'
  /** This process would write with a key that a rotation has replaced. */
  | 'retired key'
  /** A rotation has not finished, and this process does not have the previous key. */
  | 'no previous key';

/**
 * Finds the reason why a process with these keys must not seal for this database. A process whose previous key is the
 * database's key is about to rotate: it may seal.
 */
export function problemOfKeys(
  {
    keyId,
    check,
    rotatingFrom,
    retired,
  }: Pick<EncryptionDocument, 'keyId' | 'check' | 'rotatingFrom' | 'retired'>,
  keys: EncryptionKeys | undefined,
): KeyProblem | undefined {
  if (!keys) return 'no key';
  const { current, previous } = keys;
  if (retired.includes(current.id)) return 'retired key';
  const database = [current, previous].find((key) => key?.id === keyId);
  if (database?.open(CHECK_PLACE, check) !== CHECK_TEXT) return 'other key';
  if (rotatingFrom !== undefined && previous?.id !== rotatingFrom) return 'no previous key';
  return undefined;
}

/** A sentence for the operator whose server does not start. */
export const sentenceOfProblem: Readonly<Record<KeyProblem, string>> = {
  'no key':
    'The secrets in this database are encrypted, and this server has no key. Set ENCRYPTION_KEY to the key that the ' +
    'first server was started with, or made in its DATA_DIR (encryption.key). If the key is lost: ' +
    '`npm run -s admin -- encryption reset`.',
  'other key':
    'The secrets in this database are encrypted with another key than this server has. Set ENCRYPTION_KEY to the ' +
    'key of the database; to change the key, set the old one as ENCRYPTION_KEY_PREVIOUS as well. If the key is lost: ' +
    '`npm run -s admin -- encryption reset`.',
  'retired key':
    'ENCRYPTION_KEY is an old key of this database, which a rotation has replaced. Set ENCRYPTION_KEY to the new key.',
  'no previous key':
    'The rotation of the encryption key has not finished. Set ENCRYPTION_KEY_PREVIOUS to the key before, and run ' +
    '`npm run -s admin -- encryption rotate`.',
};
