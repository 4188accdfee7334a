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
        'Changes the name, origins, budget or expiry of a key, on every server within five seconds. An earlier ' +
        'expiry also applies to the keys that it issued. A key with limits can only reduce its own. The expiry of ' +
        'a rolled key can be moved to an earlier time, never to a later one, and then only applies to the keys ' +
        'that it issued after it was rolled.',
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
