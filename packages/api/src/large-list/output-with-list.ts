import { z } from 'zod';

/** The lists whose items were already checked against their schema. */
const checkedLists = new WeakSet<readonly unknown[]>();

/** Marks a list as checked: each of its items is the output of its schema. */
export function markChecked(list: readonly unknown[]): void {
  checkedLists.add(list);
}

/**
 * Returns the schema of an output with a long list in `field`. tRPC checks an output in one go, which would block
 * the event loop. A list that `readLargeList` has checked in slices is not checked again. The OpenAPI document
 * shows it as `schema`.
 */
export function outputWithList<Schema extends z.ZodType<object>>(
  schema: Schema,
  field: keyof z.output<Schema> & string,
): Schema {
  const parseAsync: Schema['parseAsync'] = async (output, parameters) => {
    const list = listIn(output, field);
    if (!list || !checkedLists.has(list)) return schema.parseAsync(output, parameters);
    const rest = await schema.parseAsync({ ...(output as object), [field]: [] }, parameters);
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
