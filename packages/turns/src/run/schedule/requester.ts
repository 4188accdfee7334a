import type { Spender, TurnOrigin, TurnRecord } from '@parley/db';
import type { Requester } from './turn-scheduler.ts';

/** For whom a turn waits and runs. One that an older release stored says nothing of where it came from. */
export function requesterOf({
  team,
  spender,
  origin,
}: Pick<TurnRecord, 'team'> & {
  readonly spender?: Spender | undefined;
  readonly origin?: TurnOrigin | undefined;
}): Requester {
  return {
    team,
    user: spender?.user,
    isPrivileged: origin?.isPrivileged ?? false,
    networks: origin?.networks ?? [],
  };
}
