/** `T` with every field named: a field that `T` may lack is `undefined` here. */
export type EveryField<T> = {
  readonly [Field in keyof Required<T>]: Record<never, never> extends Pick<T, Field>
    ? T[Field] | undefined
    : T[Field];
};

/** `T` without fields that are `undefined`: a field that may be is optional. */
export type Compact<T> = Flat<
  { [Field in keyof T as undefined extends T[Field] ? never : Field]: T[Field] } & {
    [Field in keyof T as undefined extends T[Field] ? Field : never]?: Exclude<T[Field], undefined>;
  }
>;

type Flat<T> = { [Field in keyof T]: T[Field] };

/** Copies a plain object without the fields that are `undefined`. Other values, such as `null` and `''`, stay. */
export function compact<T extends object>(fields: T): Compact<T> {
  const given: Record<string, unknown> = {};
  // This takes a tenth of the time of a loop over entries. Every message passes here several times.
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) given[name] = value;
  }
  return given as Compact<T>;
}

/**
 * Makes a `T` from all its fields, and leaves out those that are `undefined`. Name the type: `compactAs<Chat>({…})`. A
 * field that is forgotten, or that `T` does not have, does not compile.
 */
export function compactAs<T extends object>(fields: EveryField<T>): T {
  return compact(fields) as T;
}
