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
