import { ApiError, limits } from '@parley/contract';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';

/** The algorithms of tokens that another party issues. Each goes with one type of key. */
export const ISSUED_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
/** An algorithm that tokens of an issuer can be signed with. */
export type IssuedAlgorithm = (typeof ISSUED_ALGORITHMS)[number];

/** A public key of an issuer, and the one algorithm that it verifies. */
interface IssuerKey {
  readonly kid: string | undefined;
  readonly algorithm: IssuedAlgorithm;
  readonly key: CryptoKey;
}

/** Fetches the text of a key set, under the rules for addresses of tools. Rejects if it cannot. */
export type FetchKeySet = (url: string) => Promise<string>;

/** The public keys of token issuers, fetched when they are needed. */
export interface KeySets {
  /**
   * Returns the key that a token names, or the issuer's only key of that algorithm if the token names none;
   * undefined if the issuer has no such key.
   *
   * @throws ApiError `token_issuer_unavailable` if the keys are unknown and cannot be fetched
   */
  find(
    url: string,
    named: { readonly kid: string | undefined; readonly algorithm: IssuedAlgorithm },
  ): Promise<IssuerKey | undefined>;
}

interface KeySet {
  readonly keys: readonly IssuerKey[];
  readonly fetchedAt: number;
}

/** The state of the keys at one issuer's URL. */
interface Entry {
  known: KeySet | undefined;
  /** The time of the last attempt to fetch the keys. */
  triedAt: number;
  /** The running fetch, if any. */
  fetching: Promise<void> | undefined;
}

/** The maximum number of issuers whose keys are cached. The least recently used one is removed first. */
const SETS_MAX = 1_000;
const KEYS_MAX = 100;
/** The age after which keys are fetched again, so that withdrawn keys end. The known keys are used meanwhile. */
const FRESH_MS = 5 * 60_000;
/** The age up to which keys are used if they cannot be fetched again. */
const STALE_MS = 60 * 60_000;
/** The minimum interval between fetches for unknown keys, which may be new. */
const RETRY_MS = 30_000;

/** Caches the key sets of a limited number of issuers. `now` is a monotonic clock, in milliseconds. */
export function createKeySets(
  fetchKeySet: FetchKeySet,
  now: () => number = () => performance.now(),
): KeySets {
  const entries = new LRUCache<string, Entry>({ max: SETS_MAX });

  function entryOf(url: string): Entry {
    const entry = entries.get(url) ?? {
      known: undefined,
      triedAt: Number.NEGATIVE_INFINITY,
      fetching: undefined,
    };
    entries.set(url, entry);
    return entry;
  }

  /** Fetches the keys once for all callers who wait, unless the last attempt is too recent. Never rejects. */
  function refresh(url: string, entry: Entry): Promise<void> {
    if (entry.fetching) return entry.fetching;
    if (now() - entry.triedAt < RETRY_MS) return Promise.resolve();
    entry.triedAt = now();
    entry.fetching = fetchKeySet(url)
      .then(readKeySet)
      .then(
        (keys) => {
          entry.known = { keys, fetchedAt: now() };
        },
        () => undefined,
      )
      .finally(() => {
        entry.fetching = undefined;
      });
    return entry.fetching;
  }

  return {
    async find(url, named) {
      const entry = entryOf(url);
      const age = () => (entry.known ? now() - entry.known.fetchedAt : Number.POSITIVE_INFINITY);
      const refreshing = age() > FRESH_MS ? refresh(url, entry) : undefined;
      if (age() > STALE_MS) await refreshing;
      const found = pick(entry.known?.keys, named);
      if (found && age() <= STALE_MS) return found;
      await refresh(url, entry);
      if (!entry.known || age() > STALE_MS) throw new ApiError('token_issuer_unavailable');
      return pick(entry.known.keys, named);
    },
  };
}

function pick(
  keys: readonly IssuerKey[] = [],
  { kid, algorithm }: { readonly kid: string | undefined; readonly algorithm: IssuedAlgorithm },
): IssuerKey | undefined {
  const fitting = keys.filter((key) => key.algorithm === algorithm && (kid === undefined || key.kid === kid));
  return kid === undefined && fitting.length > 1 ? undefined : fitting[0];
}

/**
 * Returns the keys of a set that can verify tokens, and ignores the others.
 *
 * @throws Error if the text is no key set
 */
async function readKeySet(text: string): Promise<IssuerKey[]> {
  const { keys } = JSON.parse(text) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('it is no key set');
  const read = await Promise.all(keys.slice(0, KEYS_MAX).map(readKey));
  return read.filter((key) => key !== undefined);
}

async function readKey(jwk: JWK | null): Promise<IssuerKey | undefined> {
  if (jwk === null || typeof jwk !== 'object') return undefined;
  const algorithm = algorithmOf(jwk);
  const isForSigning = (jwk.use ?? 'sig') === 'sig' && (jwk.key_ops ?? ['verify']).includes('verify');
  if (!algorithm || !isForSigning || (jwk.alg !== undefined && jwk.alg !== algorithm)) return undefined;
  try {
    // Only the public part is used, even if the set contains a private key.
    const { kty, crv, x, y, n, e, kid } = jwk;
    const key = await importJWK({ kty, crv, x, y, n, e } as JWK, algorithm);
    return key instanceof Uint8Array ? undefined : { kid, algorithm, key };
  } catch {
    return undefined;
  }
}

/** Each type of key has one algorithm. The token cannot choose another one (RFC 8725, section 3.1). */
function algorithmOf({ kty, crv, n }: JWK): IssuedAlgorithm | undefined {
  if (kty === 'RSA')
    return Buffer.from(n ?? '', 'base64url').length * 8 >= limits.rsaBitsMin ? 'RS256' : undefined;
  if (kty === 'EC') return crv === 'P-256' ? 'ES256' : undefined;
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
}
