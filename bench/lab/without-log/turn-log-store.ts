import type { Models } from '../../../packages/db/src/models.ts';
import type { TurnLogStore } from '../../../packages/db/src/turn-log/turn-log-port.ts';
import { createTurnLogStore as createWithLog } from '../../../packages/db/src/turn-log/turn-log-store.ts';

export * from '../../../packages/db/src/turn-log/turn-log-store.ts';

/** The log's store, where nothing is written. */
export function createTurnLogStore(models: Models): TurnLogStore {
  return { ...createWithLog(models), async append() {} };
}
