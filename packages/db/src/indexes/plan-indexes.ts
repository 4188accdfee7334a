import { compactAs } from '@parley/contract';
import type { mongo } from 'mongoose';

type Key = Readonly<Record<string, unknown>>;

/** An index as the code declares it. */
export interface DeclaredIndex {
  readonly collection: string;
  readonly name: string;
  readonly key: Key;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly expireAfterSeconds?: number;
  readonly partialFilterExpression?: Key;
}

/** A change that gives a collection a declared index. */
export type IndexChange =
  | { readonly kind: 'build'; readonly index: DeclaredIndex }
  /** `collMod` changes these options of the existing index in place. */
  | {
      readonly kind: 'alter';
      readonly index: DeclaredIndex;
      readonly existing: string;
      readonly options: AlterOptions;
    }
  /** The index is built under a free name, then the existing one is dropped. */
  | {
      readonly kind: 'replace';
      readonly index: DeclaredIndex;
      readonly existing: string;
      readonly isDroppedFirst: boolean;
    }
  /** Removes the rest of a replacement that was interrupted. */
  | { readonly kind: 'drop'; readonly index: DeclaredIndex; readonly existing: string };

/** An index of the database. An index that is being built is listed too, but cannot be used yet. */
export interface ExistingIndex extends mongo.IndexDescriptionInfo {
  readonly isBuilding?: true;
}

interface AlterOptions {
  readonly unique?: true;
  readonly hidden?: false;
  readonly expireAfterSeconds?: number;
}

/** Compares the declared indexes of one collection with those that exist. Indexes that are not declared stay. */
export function planIndexes(
  declared: readonly DeclaredIndex[],
  existing: readonly ExistingIndex[],
): IndexChange[] {
  return declared.flatMap((index) => {
    const same = existing.filter(({ key, isBuilding }) => !isBuilding && textOf(key) === textOf(index.key));
    const named = same.find(({ name }) => name === index.name);
    if (same.some((found) => isAsDeclared(index, found))) {
      return named && !isAsDeclared(index, named) ? [{ kind: 'drop', index, existing: index.name }] : [];
    }
    const found = named ?? same[0];
    return [found ? changeOf(index, found) : { kind: 'build', index }];
  });
}

/** A name that no index of the collection has. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) if (!taken.has(`${name}_${number}`)) return `${name}_${number}`;
}

function isAsDeclared(index: DeclaredIndex, found: mongo.IndexDescriptionInfo): boolean {
  return (
    hasSameIdentity(index, found) &&
    found.expireAfterSeconds === index.expireAfterSeconds &&
    found.hidden !== true
  );
}

function changeOf(index: DeclaredIndex, found: mongo.IndexDescriptionInfo): IndexChange {
  const existing = String(found.name);
  const isUniqueLost = found.unique === true && !index.unique;
  const isExpiryLost = found.expireAfterSeconds !== undefined && index.expireAfterSeconds === undefined;
  if (!hasSameFilter(index, found) || isUniqueLost || isExpiryLost) {
    // MongoDB keeps two indexes of one key only if these differ.
    return { kind: 'replace', index, existing, isDroppedFirst: hasSameIdentity(index, found) };
  }
  const { expireAfterSeconds } = index;
  const options = compactAs<AlterOptions>({
    unique: index.unique && found.unique !== true ? true : undefined,
    hidden: found.hidden === true ? false : undefined,
    expireAfterSeconds: expireAfterSeconds === found.expireAfterSeconds ? undefined : expireAfterSeconds,
  });
  return { kind: 'alter', index, existing, options };
}

function hasSameIdentity(index: DeclaredIndex, found: mongo.IndexDescriptionInfo): boolean {
  return hasSameFilter(index, found) && (found.unique === true) === index.unique;
}

function hasSameFilter(index: DeclaredIndex, found: mongo.IndexDescriptionInfo): boolean {
  return (
    (found.sparse === true) === index.sparse &&
    textOf(found.partialFilterExpression) === textOf(index.partialFilterExpression) &&
    // Another collation compares texts in another way.
    found['collation'] === undefined
  );
}

/** The order of an index's fields is part of it. */
function textOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
