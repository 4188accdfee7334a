import type { Stores } from '@parley/db';
import type { TurnRequester } from '@parley/turns';
import { type Caller, isUnverifiedUser } from './caller.ts';
import type { Services } from './context.ts';
import type { ClientAddress } from './gate/client-address.ts';
import { originOf } from './turn-origin.ts';

/**
 * Describes the caller to the turn engine: whose budgets a turn uses, and which limits apply. Team settings are cached
 * for some seconds.
 */
export async function turnRequesterOf(
  teams: Pick<Stores['teams'], 'findSettings'>,
  { turnLimits, guestNetworks }: Pick<Services, 'turnLimits' | 'guestNetworks'>,
  caller: Pick<Caller, 'as' | 'kind' | 'familyId' | 'scope' | 'limits'>,
  client: ClientAddress | undefined,
): Promise<TurnRequester> {
  const { familyId, scope, limits } = caller;
  const settings = await teams.findSettings(scope);
  const { user } = scope;
  const address = sharesBudgetByAddress(caller) ? settings.tokensPerDayPerUser : undefined;
  return {
    spender: { key: familyId, ...(user !== undefined && { user }) },
    networks:
      address === undefined
        ? []
        : await guestNetworks.budgetNetworks(scope.team, client, creationNetworkOf(caller)),
    origin: originOf(caller, client),
    allowance: {
      tokensPerDay: {
        keys: limits.budgets,
        user: settings.tokensPerDayPerUser,
        address,
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
 * Anyone can become another guest, so all guests of an address share a budget. The address of a request with a secret
 * key is that of the team's server, not that of its user.
 */
function sharesBudgetByAddress(caller: Pick<Caller, 'as' | 'kind'>): boolean {
  return caller.kind === 'publishable' && isUnverifiedUser(caller);
}

/** Returns the network that created a guest or visitor, encrypted. */
function creationNetworkOf({ as }: Pick<Caller, 'as'>): string | undefined {
  return as.role === 'user' ? as.network : undefined;
}

function boundOf(limit: number | undefined): number | undefined {
  return limit === 0 ? undefined : limit;
}
