import { type Compact, compact } from '@parley/contract';
import { trusted } from 'mongoose';

/** A field of a filter that always has a value. */
type Value = NonNullable<unknown> | null;

/**
 * Makes a filter from required fields, such as the team, and optional ones. A missing field widens a query, so only
 * the second group may be `undefined`.
 *
 * @throws Error when a field of the first group is `undefined`
 */
export function filterOf<Always extends Readonly<Record<string, Value>>, Given extends object>(
  always: Always,
  whenGiven: Given,
): Always & Compact<Given> {
  for (const [name, value] of Object.entries(always)) {
    if (value === undefined) throw new Error(`the filter has no ${name}, which every such query names`);
  }
  return { ...always, ...compact(whenGiven) };
}

/** Matches values after this one; `undefined` when there is none to compare with. */
export function greaterThan<Bound>(bound: Bound | undefined) {
  return bound === undefined ? undefined : trusted({ $gt: bound });
}

/** Matches values before this one; `undefined` when there is none to compare with. */
export function lessThan<Bound>(bound: Bound | undefined) {
  return bound === undefined ? undefined : trusted({ $lt: bound });
}

/** Matches one of these values, none if the list is empty; `undefined` when there is no list. */
export function oneOf<Item>(items: readonly Item[] | undefined) {
  return items && trusted({ $in: [...items] });
}
