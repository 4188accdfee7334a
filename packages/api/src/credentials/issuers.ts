import { ApiError, limits } from '@parley/contract';
import type {
  ApiKeyFields,
  ApiKeyInfo,
  ApiKeyReach,
  IssuedApiKey,
  Scope,
  Stores,
  TokenIssuer,
  TokenIssuerSettings,
} from '@parley/db';
import type { Caller } from '../caller.ts';
import type { IssuedCredential } from '../policies.ts';
import { assertMayManage, exceeds, hasLimits, toIssuedFields } from './escalation.ts';

/** The stores without the functions that issue credentials or extend them. Procedures get these. */
export type ProcedureStores = Omit<Stores, 'apiKeys' | 'signingSecrets' | 'guests' | 'teams'> & {
  readonly apiKeys: Omit<Stores['apiKeys'], 'create' | 'issue' | 'issueFrom' | 'roll' | 'update'>;
  readonly signingSecrets: Omit<Stores['signingSecrets'], 'create' | 'issueFrom' | 'ensure' | 'findWorking'>;
  readonly guests: Omit<Stores['guests'], 'create'>;
  readonly teams: Omit<Stores['teams'], 'setTokenIssuer'>;
};

/** The functions that issue credentials for one caller, each within the caller's own limits. */
export interface Issuers {
  readonly key: KeyIssuing;
  readonly 'signing secret': { create(until: Date): ReturnType<Stores['signingSecrets']['issueFrom']> };
  readonly 'token issuer': {
    /** @throws ApiError `unauthorized` when the caller was revoked */
    set(settings: TokenIssuerSettings): Promise<TokenIssuer>;
  };
  readonly 'guest token': {
    /** `network`: the encrypted network of the client. */
    create(network: string | undefined): ReturnType<Stores['guests']['create']>;
  };
}

interface KeyIssuing {
  /** @throws ApiError `key_beyond_yours`, `too_many_key_generations`; `unauthorized` when the caller was revoked */
  create(kind: Caller['kind'], fields: ApiKeyFields & ApiKeyReach): Promise<IssuedApiKey>;
  /** @throws ApiError `key_beyond_yours`, `key_beyond_issuer`, `key_ended`, `key_replaced` */
  update(key: ApiKeyInfo, change: ApiKeyFields): Promise<ApiKeyInfo>;
  /** @throws ApiError `key_beyond_yours`, `key_ended` */
  roll(key: ApiKeyInfo, until: Date): Promise<IssuedApiKey>;
}

function issuersOf({ apiKeys, signingSecrets, guests, teams }: Stores, caller: Caller): Issuers {
  const { scope, familyId, issuers } = caller;
  const issuer = { id: caller.key, familyId, issuers };
  return {
    key: {
      async create(kind, fields) {
        const issued = toIssuedFields(caller, kind, fields);
        // The caller's key and the new key are one generation each.
        if (issuers.length + 2 > limits.keyGenerationsMax) throw new ApiError('too_many_key_generations');
        const made = await apiKeys.issueFrom(scope, issuer, kind, issued);
        if (!made) throw new ApiError('unauthorized');
        return made;
      },

      async update(key, change) {
        assertMayManage(caller, key, { orItself: true });
        if (exceeds(change, caller.limits)) throw new ApiError('key_beyond_yours');
        await assertWithinIssuers(apiKeys, scope, key, change);
        const changed = await apiKeys.update(scope, key.id, change);
        if (changed === 'ended') throw new ApiError('key_ended');
        if (changed === 'replaced') throw new ApiError('key_replaced');
        return changed;
      },

      async roll(key, until) {
        // The successor keeps working after the key is revoked, so a key with limits must not roll itself.
        assertMayManage(caller, key, { orItself: !hasLimits(caller) });
        const made = await apiKeys.roll(scope, key.id, until);
        if (!made) throw new ApiError('key_ended');
        return made;
      },
    },
    'signing secret': { create: (until) => signingSecrets.issueFrom(scope, issuer, until) },
    'token issuer': {
      async set(settings) {
        const set = await teams.setTokenIssuer(scope, issuer, settings);
        if (!set) throw new ApiError('unauthorized');
        return set;
      },
    },
    // A guest's token only works together with a key of this family, and so within the limits of that key.
    'guest token': { create: (network) => guests.create(scope, familyId, network) },
  };
}

/**
 * Checks that a changed key stays within the limits of its issuers, for every caller who changes it.
 *
 * @throws ApiError `key_beyond_issuer`, `key_ended`
 */
async function assertWithinIssuers(
  apiKeys: Stores['apiKeys'],
  scope: Scope,
  { issuers }: ApiKeyInfo,
  change: ApiKeyFields,
): Promise<void> {
  if (issuers.length === 0) return;
  const ofIssuers = await apiKeys.findIssuerLimits(scope, issuers);
  if (!ofIssuers) throw new ApiError('key_ended');
  if (exceeds(change, ofIssuers)) throw new ApiError('key_beyond_issuer');
}

/**
 * Returns a function that gives the issuing functions of one kind of credential. The policy of the procedure has to
 * name that kind.
 *
 * @throws Error for another kind: the authorization would not know about that credential
 */
export function issuerFor(stores: Stores, caller: Caller, path: string, named: IssuedCredential | undefined) {
  return <Kind extends keyof Issuers>(kind: Kind): Issuers[Kind] => {
    if (named !== kind) throw new Error(`the policy of ${path} does not say that it issues a ${kind}`);
    return issuersOf(stores, caller)[kind];
  };
}
