import { ApiError } from '@parley/contract';
import { type EncryptionKeys, keyIdOf, type SealedPlace } from './encryption-key.ts';
import type { EncryptionDocument } from './encryption-state.ts';
import { problemOfKeys } from './encryption-state.ts';

/** Converts a secret to the text that is stored. */
export type Seal = (place: SealedPlace, text: string) => string;

/** Seals and opens the secrets of the stores. */
export interface Vault {
  /**
   * The function that converts secrets now: it seals them, or returns them plain while encryption is off. Call it before each
   * write, so that no process seals with a retired key.
   *
   * @throws ApiError `encryption_key_outdated`
   */
  sealing(): Promise<Seal>;
  /** The text of a stored secret; undefined when no key of this process opens it, which is reported. */
  open(place: SealedPlace, stored: string): string | undefined;
}

/** A secret that no key of this process opens, for the operator's log. It contains nothing of the secret. */
export interface UnreadableSecret extends SealedPlace {
  readonly keyId: string;
}

/** The keys of a vault, and the report of secrets that none of them opens. */
export interface VaultOptions {
  readonly keys?: EncryptionKeys | undefined;
  readonly onUnreadable?: ((secret: UnreadableSecret) => void) | undefined;
}

type ReadState = () => Promise<EncryptionDocument | null | undefined>;

const plainly: Seal = (_place, text) => text;

/** Creates a vault. `readState` reads the encryption document, which the vault needs before each write. */
export function createVault(readState: ReadState, { keys, onUnreadable }: VaultOptions): Vault {
  return {
    async sealing() {
      const state = await readState();
      if (!state?.isOn) return plainly;
      if (!keys || problemOfKeys(state, keys)) throw new ApiError('encryption_key_outdated');
      return (place, text) => keys.current.seal(place, text);
    },

    open(place, stored) {
      const keyId = keyIdOf(stored);
      if (keyId === undefined) return stored;
      const text = openWith(keys, place, stored);
      if (text === undefined) onUnreadable?.({ ...place, keyId });
      return text;
    },
  };
}

/** The text, if one of the keys opens it in this place. */
export function openWith(
  keys: EncryptionKeys | undefined,
  place: SealedPlace,
  sealed: string,
): string | undefined {
  return keys?.current.open(place, sealed) ?? keys?.previous?.open(place, sealed);
}
