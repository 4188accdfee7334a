import { isSecretText, mintSecretText } from '../credential/secret-text.ts';

/** A publishable key may be public, for example in a web page. A secret key stays on the team's servers. */
export type ApiKeyKind = 'publishable' | 'secret';

const PREFIXES = { publishable: 'pk_live_', secret: 'sk_live_' } as const;

/** Creates the text of a key. */
export function mintApiKey(kind: ApiKeyKind): string {
  return mintSecretText(PREFIXES[kind]);
}

/** Whether a text has the form and checksum of a key. */
export function isApiKey(text: string): boolean {
  return isSecretText(PREFIXES.publishable, text) || isSecretText(PREFIXES.secret, text);
}

/** The kind of a key, by its prefix. */
export function kindOf(key: string): ApiKeyKind {
  return key.startsWith(PREFIXES.secret) ? 'secret' : 'publishable';
}
