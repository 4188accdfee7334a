import { ApiError, limits } from '@parley/contract';
import { type CryptoKey, importJWK, type JWK } from 'jose';

/** The algorithms of tokens that another party issues. Each goes with one type of key. */
export const ISSUED_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type IssuedAlgorithm = (typeof ISSUED_ALGORITHMS)[number];

/** A public key of an issuer, and the one algorithm that it verifies. */
interface IssuerKey {
  readonly kid: string | undefined;
  readonly algorithm: IssuedAlgorithm;
  readonly key: CryptoKey;
}

/** Gets the text of a key set. It follows the rules for tools' addresses, and rejects when there is none. */
export type FetchKeySet = (url: string) => Promise<string>;

export interface KeySets {
  /**
   * The key that a token of this issuer names, or its only key of that algorithm when the token names none. Undefined: the
   * issuer has no such key.
   *
   * @throws ApiError `token_issuer_unavailable` when the keys are not known and cannot be fetched
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

/** What is known of one issuer's URL. */
interface Entry {
  known: KeySet | undefined;
  /** When it was last tried to fetch the keys. */
  triedAt: number;
  /** While they are being fetched. */
  fetching: Promise<void> | undefined;
}

/** How many issuers' keys are remembered; the one that was asked for longest ago is forgotten first. */
const SETS_MAX = 1_000;
const KEYS_MAX = 100;
/** After this the keys are fetched again, while those that are known go on to be used: a withdrawn key ends with it. */
const FRESH_MS = 5 * 60_000;
/** Keys that cannot be fetched again are used for this long. */
const STALE_MS = 60 * 60_000;
/** A key that is not known may be new. So often it is looked for, whoever asks. */
const RETRY_MS = 30_000;

/** Remembers the key sets of issuers within bounds. `now` is monotonic, in milliseconds. */
export function createKeySets(
  fetchKeySet: FetchKeySet,
  now: () => number = () => performance.now(),
): KeySets {
  const entries = new Map<string, Entry>();

  function entryOf(url: string): Entry {
    const entry = entries.get(url) ?? {
      known: undefined,
      triedAt: Number.NEGATIVE_INFINITY,
      fetching: undefined,
    };
    entries.delete(url);
    entries.set(url, entry);
    const [oldest] = entries.keys();
    if (entries.size > SETS_MAX && oldest !== undefined) entries.delete(oldest);
    return entry;
  }

  /** Fetches the keys once for all who wait, unless that was tried a moment ago. Never rejects. */
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

/** The keys of a set that can verify tokens; what else is in it is left out. @throws Error when it is no key set */
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
    // Only the public part: a private one has no business here, and would be another type of key.
    const { kty, crv, x, y, n, e, kid } = jwk;
    const key = await importJWK({ kty, crv, x, y, n, e } as JWK, algorithm);
    return key instanceof Uint8Array ? undefined : { kid, algorithm, key };
  } catch {
    return undefined;
  }
}

/** One algorithm for each type of key, whatever a token says (RFC 8725, section 3.1). */
function algorithmOf({ kty, crv, n }: JWK): IssuedAlgorithm | undefined {
  if (kty === 'RSA')
    return Buffer.from(n ?? '', 'base64url').length * 8 >= limits.rsaBitsMin ? 'RS256' : undefined;
  if (kty === 'EC') return crv === 'P-256' ? 'ES256' : undefined;
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
}
