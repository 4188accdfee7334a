import type { Schema } from 'mongoose';

type StoredModels = Readonly<
  Record<string, { readonly schema: Schema; readonly collection: { readonly name: string } }>
>;

/**
 * The stored fields of all models, as `collection.path`: the ends of the paths, without `_id`. It imports nothing, because
 * it also runs with the packages of an older release.
 */
export function fieldsOf(models: StoredModels): string[] {
  return Object.values(models)
    .flatMap(({ schema, collection }) => pathsOf(schema).map((path) => `${collection.name}.${path}`))
    .sort();
}

function pathsOf(schema: Schema): string[] {
  return Object.entries(schema.paths).flatMap(([path, { schema: inner }]) => {
    if (inner) return pathsOf(inner).map((rest) => `${path}.${rest}`);
    return path === '_id' ? [] : [path];
  });
}

/** The exports of `@parley/contract` that name stored values, with these shapes since release 0.1.0. */
export interface ContractOfValues {
  readonly errorCodes: readonly string[];
  readonly keyAccesses: readonly string[];
  readonly keyScopes: readonly string[];
  readonly createKeyInputSchema: { readonly shape: { readonly kind: Options } };
  readonly messageSchema: {
    readonly shape: { readonly role: Options; readonly status: { unwrap(): Options } };
  };
  readonly auditEntrySchema: {
    readonly shape: { readonly actor: { readonly shape: { readonly kind: Options } } };
  };
}

interface Options {
  readonly options: readonly string[];
}

/** The values of stored fields that a contract names, as `collection.path=value`. */
export function valuesOf(contract: ContractOfValues): string[] {
  const { errorCodes, keyAccesses, keyScopes, createKeyInputSchema, messageSchema, auditEntrySchema } =
    contract;
  return listValues({
    'auditLog.actorKind': auditEntrySchema.shape.actor.shape.kind.options,
    'keys.access': keyAccesses,
    'keys.kind': createKeyInputSchema.shape.kind.options,
    'keys.scopes': keyScopes,
    'turns.errorCode': errorCodes,
    'turns.messages.role': messageSchema.shape.role.options,
    'turns.status': messageSchema.shape.status.unwrap().options,
  });
}

/** The stored fields whose values a release names. */
export type FieldOfValues =
  | 'auditLog.actorKind'
  | 'keys.access'
  | 'keys.kind'
  | 'keys.scopes'
  | 'turns.errorCode'
  | 'turns.messages.role'
  | 'turns.status';

/** The values of each field, as `collection.path=value`. */
export function listValues(values: Readonly<Record<FieldOfValues, readonly string[]>>): string[] {
  return Object.entries(values)
    .flatMap(([field, all]) => all.map((value) => `${field}=${value}`))
    .sort();
}
