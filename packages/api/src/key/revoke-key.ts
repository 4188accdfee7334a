import { revokeKeyInputSchema } from '@parley/contract';
import { z } from 'zod';
import { endKey } from '../credentials/end-key.ts';
import { assertMayManage } from '../credentials/escalation.ts';
import { procedure } from '../procedures.ts';
import { findKey } from './find-key.ts';

/** `key.revoke`: revokes a key, and everything it issued if it has limits or the caller asks for it. */
export const revokeKey = procedure
  .meta({
    openapi: {
      method: 'DELETE',
      path: '/key/{keyId}',
      operationId: 'revokeKey',
      tags: ['Keys'],
      summary: 'Revoke a key',
      description:
        'Revokes a key permanently. Every server rejects it within five seconds. If the key has limits, ' +
        'everything that its family issued is revoked too; otherwise only with `revokeIssued`. To end a key and ' +
        'keep what it issued, roll it with `overlapSeconds: 0`.',
    },
    errors: ['secret_key_needed', 'key_not_found', 'key_beyond_yours'],
    successStatus: 204,
  })
  .input(revokeKeyInputSchema)
  .output(z.void())
  .mutation(async ({ ctx, input: { keyId, revokeIssued = false } }) => {
    const { stores, scope, caller, auditEntry } = ctx;
    const key = await findKey(stores.apiKeys, scope, keyId);
    assertMayManage(caller, key, { orItself: true });
    await endKey(stores, scope, key, { withIssued: revokeIssued, entry: auditEntry });
  });
