import { z } from 'zod';

/** The lists whose items this server has built from known fields. */
const builtLists = new WeakSet<readonly unknown[]>();

/** Marks a list whose items need no check: each was built as the type of its schema. */
export function markBuilt(list: readonly unknown[]): void {
  builtLists.add(list);
}

/**
 * Returns the schema of an output with a long list in `field`. tRPC checks an output in one go, which would block
 * the event loop. The items of a list that `readLargeList` has built are not checked. The OpenAPI document shows it as
 * `schema`.
 */
export function outputWithList<Schema extends z.ZodType<object>>(
  schema: Schema,
  field: keyof z.output<Schema> & string,
): Schema {
  const parseAsync: Schema['parseAsync'] = async (output, parameters) => {
    const list = listIn(output, field);
    if (!list || !builtLists.has(list)) return schema.parseAsync(output, parameters);
    const rest = schema.parse({ ...(output as object), [field]: [] }, parameters);
    return { ...rest, [field]: list };
  };
  const checkedSchema: Schema = Object.create(schema, { parseAsync: { value: parseAsync } });
  const documented = z.globalRegistry.get(schema);
  if (documented) z.globalRegistry.add(checkedSchema, documented);
  return checkedSchema;
}

function listIn(output: unknown, field: string): readonly unknown[] | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const list: unknown = (output as Record<string, unknown>)[field];
  return Array.isArray(list) ? list : undefined;
}
