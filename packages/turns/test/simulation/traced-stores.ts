import type { TurnDeps } from '../../src/index.ts';

type Store = TurnDeps['store'];
type AsyncFunction = (...args: readonly unknown[]) => Promise<unknown>;

/** The same stores, with a trace of every call and its result. */
export function tracedStores(stores: Store, note: (line: string) => void): Store {
  const entries = Object.entries(stores).map(([name, store]) => [name, traced(name, store, note)]);
  // The wrapped functions keep their types.
  return Object.fromEntries(entries) as Store;
}

function traced(name: string, store: object, note: (line: string) => void): object {
  const entries = Object.entries(store).map(([property, call]: [string, AsyncFunction]) => {
    const wrapped = async (...args: readonly unknown[]) => {
      const what = `${name}.${property}(${write(args.slice(args.length > 1 ? 1 : 0))})`;
      try {
        const result = await call(...args);
        note(`${what} -> ${write(result)}`);
        return result;
      } catch (error) {
        note(`${what} !! ${error instanceof Error ? error.message : error}`);
        throw error;
      }
    };
    return [property, wrapped];
  });
  return Object.fromEntries(entries);
}

const UNINTERESTING = new Set(['team', 'createdAt', 'userMessage', 'answerId', 'answer', 'agent']);

function write(value: unknown): string {
  const text = JSON.stringify(value, (key, inner) => (UNINTERESTING.has(key) ? undefined : inner));
  return text ?? 'nothing';
}
