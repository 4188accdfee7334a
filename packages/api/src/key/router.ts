import { t } from '../trpc.ts';
import { createKey } from './create-key.ts';
import { getKey } from './get-key.ts';
import { listKeys } from './list-keys.ts';
import { revokeKey } from './revoke-key.ts';
import { rollKey } from './roll-key.ts';
import { updateKey } from './update-key.ts';

/** The procedures of API keys. */
export const keyRouter = t.router({
  create: createKey,
  list: listKeys,
  get: getKey,
  update: updateKey,
  roll: rollKey,
  revoke: revokeKey,
});
