import type { Spender, TurnOrigin, TurnRecord } from '@parley/db';

/** The owner of a turn, as far as the order of waiting turns depends on it. */
export interface TurnOwner {
  readonly team: string;
  /** The caller's address and the network around it, narrowest first; empty when they are not known. */
  readonly networks: readonly string[];
  /** The user to whom the caller is bound. */
  readonly user: string | undefined;
  /**
   * Whether the caller has a secret key or is a verified user: not limited by address, and may use the reserved
   * places.
   */
  readonly isPrivileged: boolean;
}

/** The owner of a turn. A turn that an older release stored has no origin. */
export function ownerOf({
  team,
  spender,
  origin,
}: Pick<TurnRecord, 'team'> & {
  readonly spender?: Spender | undefined;
  readonly origin?: TurnOrigin | undefined;
}): TurnOwner {
  return {
    team,
    user: spender?.user,
    isPrivileged: origin?.isPrivileged ?? false,
    networks: origin?.networks ?? [],
  };
}
