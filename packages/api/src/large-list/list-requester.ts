import { limits } from '@parley/contract';
import type { TurnOwner } from '@parley/turns';
import { type Caller, isVerifiedUser } from '../caller.ts';
import type { Bound } from '../gate/bounded-counts.ts';
import { boundedNetworks, type ClientAddress } from '../gate/client-address.ts';

/** The requester of a large list. */
export interface ListRequester extends TurnOwner {
  /** The bounds that the list counts against, while it is read or waits. */
  readonly bounds: readonly Bound[];
}

/**
 * The requester of a large list. Waiting lists start in rotation over teams, then addresses, then users; the lists of
 * a secret key without a user count as one user's.
 */
export function listRequesterOf(caller: Caller, client: ClientAddress | undefined): ListRequester {
  const { kind, familyId, scope } = caller;
  const { team, user } = scope;
  const isPrivileged = kind === 'secret' || isVerifiedUser(caller);
  const key = kind === 'secret' && user === undefined ? familyId : undefined;
  // A team's own servers speak for many users from one address.
  const networks = isPrivileged ? [] : boundedNetworks(client);
  return {
    team,
    user: user === undefined ? key : `user ${user}`,
    isPrivileged,
    networks: networks.map(({ text }) => text),
    bounds: [
      ...(user === undefined ? [] : [{ name: `user ${team} ${user}`, max: limits.largeListsPerUserMax }]),
      ...(key === undefined ? [] : [{ name: key, max: limits.largeListsPerKeyMax }]),
      ...networks.map(({ text, factor }) => ({
        name: `address ${text}`,
        max: limits.largeListsPerAddressMax * factor,
      })),
    ],
  };
}
