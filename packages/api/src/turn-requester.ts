import { createHash } from 'node:crypto';
import { type Id, utcDay } from '@parley/contract';
import type { Stores } from '@parley/db';
import type { TurnRequester } from '@parley/turns';
import { type Caller, isUnverifiedUser } from './caller.ts';
import type { Services } from './context.ts';
import { boundedNetworks, type ClientAddress } from './gate/client-address.ts';
import { originOf } from './turn-origin.ts';

/** Describes the caller to the turn engine: who pays for a turn, and which limits apply. Team settings are cached for some seconds. */
export async function turnRequesterOf(
  {
    stores,
    turnLimits,
  }: { readonly stores: { readonly teams: Pick<Stores['teams'], 'findSettings'> } } & Pick<
    Services,
    'turnLimits'
  >,
  caller: Pick<Caller, 'as' | 'kind' | 'familyId' | 'scope' | 'limits'>,
  client: ClientAddress | undefined,
): Promise<TurnRequester> {
  const { familyId, scope, limits } = caller;
  const settings = await stores.teams.findSettings(scope);
  const { user } = scope;
  return {
    spender: { key: familyId, ...(user !== undefined && { user }) },
    networks: sharesBudgetByAddress(caller)
      ? boundedNetworks(client).map(({ text, factor }) => ({ name: networkOfDay(scope.team, text), factor }))
      : [],
    origin: originOf(caller, client),
    allowance: {
      tokensPerDay: {
        keys: limits.budgets,
        user: settings.tokensPerDayPerUser,
        address: settings.tokensPerDayPerUser,
        team: settings.tokensPerDay,
      },
      concurrentTurns: {
        team: settings.concurrentTurns ?? boundOf(turnLimits?.team),
        user: boundOf(turnLimits?.user),
      },
    },
  };
}

/**
 * Anyone can become another guest, so all guests who send from an address share a budget. The address of a request with a secret
 * key is that of the team's server, not that of its user.
 */
function sharesBudgetByAddress(caller: Pick<Caller, 'as' | 'kind'>): boolean {
  return caller.kind === 'publishable' && isUnverifiedUser(caller);
}

/**
 * Hashes a network with the team and the day. The hash does not hide an IPv4 address from somebody who tries them all;
 * MongoDB removes it after three days.
 */
function networkOfDay(team: Id<'team'>, network: string): string {
  const text = `${team}/${utcDay(new Date())}/${network}`;
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function boundOf(limit: number | undefined): number | undefined {
  return limit === 0 ? undefined : limit;
}
