import { isSecretText, mintSecretText } from '../credential/secret-text.ts';

export type ApiKeyKind = 'publishable' | 'secret';

const PREFIXES = { publishable: 'pk_live_', secret: 'sk_live_' } as const;

/** A key: a secret text with its kind's prefix. */
export function mintApiKey(kind: ApiKeyKind): string {
  return mintSecretText(PREFIXES[kind]);
}

/** Whether a text can be a key at all: form and checksum. */
export function isApiKey(text: string): boolean {
  return isSecretText(PREFIXES.publishable, text) || isSecretText(PREFIXES.secret, text);
}

/** The kind a key's prefix names. */
export function kindOf(key: string): ApiKeyKind {
  return key.startsWith(PREFIXES.secret) ? 'secret' : 'publishable';
}
