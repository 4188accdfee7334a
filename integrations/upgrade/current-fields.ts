import { type ErrorCode, errorCodes, keyAccesses, keyScopes } from '@parley/contract';
import mongoose from 'mongoose';
import type { ApiKeyDocument } from '../../packages/db/src/api-key/api-key-model.ts';
import type { AuditDocument } from '../../packages/db/src/audit/audit-model.ts';
import { createVersionModels } from '../../packages/db/src/migrations/version-models.ts';
import { createModels } from '../../packages/db/src/models.ts';
import { toErrorFields } from '../../packages/db/src/turn/stored-error-code.ts';
import type { TurnDocument } from '../../packages/db/src/turn/turn-model.ts';
import { fieldsOf, listValues } from './fields.ts';

/** The fields that this version stores: see `fieldsOf`. */
export function currentFields(): string[] {
  const connection = mongoose.createConnection();
  return fieldsOf({ ...createModels(connection), ...createVersionModels(connection) });
}

/** The values that this version stores in fields of release 0.1.0: see `listValues`. */
export function currentValues(): string[] {
  return listValues({
    'auditLog.actorKind': all<AuditDocument['actorKind']>({ key: true, admin: true }),
    'keys.access': keyAccesses,
    'keys.kind': all<ApiKeyDocument['kind']>({ publishable: true, secret: true }),
    'keys.scopes': keyScopes,
    'turns.errorCode': storedErrorCodes(),
    'turns.messages.role': all<TurnDocument['messages'][number]['role']>({ user: true, assistant: true }),
    'turns.status': all<TurnDocument['status']>({
      ...{ queued: true, generating: true },
      ...{ completed: true, stopped: true, failed: true },
    }),
  });
}

/** Every value of a type: a new one does not compile until it is listed. */
function all<Value extends string>(values: Readonly<Record<Value, true>>): string[] {
  return Object.keys(values);
}

/** Codes that release 0.1.0 does not know and that no turn stores, because they only reject requests. */
const ONLY_OF_REQUESTS: ReadonlySet<ErrorCode> = new Set([
  ...(['database_preparing', 'encryption_key_outdated', 'overloaded', 'payload_too_complex'] as const),
  ...(['key_beyond_issuer', 'key_replaced', 'too_many_key_generations', 'unrestricted_key_needed'] as const),
  ...(['request_timeout', 'token_issuer_not_found', 'token_issuer_unavailable'] as const),
  ...(['file_not_found', 'file_storage_full', 'file_type_not_supported', 'too_many_unsent_files'] as const),
  ...(['file_in_use', 'file_not_accepted'] as const),
  ...(['not_rateable', 'too_many_lists', 'too_many_streams', 'user_blocked', 'user_signed_out'] as const),
  ...(['not_deletable', 'too_many_versions', 'versions_unavailable'] as const),
]);

/** The texts that `turns.errorCode` holds, for which a code may have an older one. */
function storedErrorCodes(): string[] {
  const stored = errorCodes
    .filter((code) => !ONLY_OF_REQUESTS.has(code))
    .map((code) => toErrorFields(code).errorCode ?? code);
  return [...new Set(stored)];
}
