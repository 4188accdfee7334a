import { keySchema, updateKeyInputSchema } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { assertFieldsFitKind } from './assert-key-fields.ts';
import { findKey } from './find-key.ts';
import { toFields } from './to-fields.ts';
import { toKey } from './to-key.ts';

/** `key.update`: changes the given fields of a key, within the limits of the caller and of the key's issuers. */
export const updateKey = procedure
  .meta({
    openapi: {
      method: 'PATCH',
      path: '/key/{keyId}',
      operationId: 'updateKey',
      tags: ['Keys'],
      summary: 'Change a key',
      description:
        'Gives a key another name, other origins, a budget, or an end. It holds everywhere within five seconds, an ' +
        'earlier end also for the keys that it issued. A key with limits changes itself only to less. The end of a rolled ' +
        'key can be made earlier, not later, and then ends only the keys that it issued since it was rolled.',
    },
    errors: [
      'secret_key_needed',
      'key_not_found',
      'key_ended',
      'key_replaced',
      'key_beyond_yours',
      'key_beyond_issuer',
    ],
  })
  .input(updateKeyInputSchema)
  .output(keySchema)
  .mutation(async ({ ctx: { stores, scope, issuerOf }, input: { keyId, ...change } }) => {
    const key = await findKey(stores.apiKeys, scope, keyId);
    assertFieldsFitKind(key.kind, change);
    return toKey(await issuerOf('key').update(key, toFields(change)));
  });
