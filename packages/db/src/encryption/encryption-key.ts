import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** The place of a sealed text. The seal authenticates it, so a text that is moved elsewhere cannot be opened. */
export interface SealedPlace {
  /** Empty for a secret that belongs to no team. */
  readonly team: string;
  /** The id of the document that holds it. */
  readonly document: string;
  /** Names the field within the document. */
  readonly field: string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 8;
const CIPHER = 'aes-256-gcm';
/** The form of a sealed text: the algorithm, the key's id, and nonce, ciphertext and tag in base64url. */
const SEALED = /^aes256gcm:([0-9a-f]{16}):([A-Za-z0-9_-]{38,})$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/**
 * A key that seals texts (AES-256-GCM). Its id is derived from it one way, so that the id can be stored and shown.
 * The encryption key is derived as well: the operator's key itself is used for nothing else.
 */
export class EncryptionKey {
  readonly id: string;
  readonly #cipherKey: Buffer;

  /** @throws Error when it does not have 32 bytes */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new Error(`an encryption key has ${KEY_BYTES} bytes`);
    this.id = derive(key, 'key id', ID_BYTES).toString('hex');
    this.#cipherKey = derive(key, CIPHER, KEY_BYTES);
  }

  seal(place: SealedPlace, text: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#cipherKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(bound(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `aes256gcm:${this.id}:${sealed.toString('base64url')}`;
  }

  /** The text; undefined when another key sealed it, when it belongs to another place, or when it was changed. */
  open(place: SealedPlace, sealed: string): string | undefined {
    const [, id, body = ''] = SEALED.exec(sealed) ?? [];
    if (id !== this.id) return undefined;
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv(CIPHER, this.#cipherKey, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(bound(place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}

/** The keys of a process: it seals with `current` and opens with both. */
export interface EncryptionKeys {
  readonly current: EncryptionKey;
  readonly previous?: EncryptionKey | undefined;
}

/** Parses a key as operators write it: 32 bytes in hex, base64 or base64url. Undefined for other texts. */
export function parseEncryptionKey(text: string): EncryptionKey | undefined {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) return new EncryptionKey(Buffer.from(trimmed, 'hex'));
  if (!BASE64.test(trimmed)) return undefined;
  // Node accepts both alphabets.
  return new EncryptionKey(Buffer.from(trimmed, 'base64'));
}

/** A new key, in the form of `ENCRYPTION_KEY` and of the key file. */
export function mintEncryptionKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/** The id of the key that sealed a text; undefined for a text that is not sealed. */
export function keyIdOf(text: string): string | undefined {
  return SEALED.exec(text)?.[1];
}

function derive(key: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `parley ${purpose}`, bytes));
}

function bound({ team, document, field }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([team, document, field]));
}
