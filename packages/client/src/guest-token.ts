import { Credentials } from './credentials.ts';
import { exclusively } from './exclusively.ts';
import { baseOf, openTrpc } from './open-trpc.ts';
import type { ParleyOptions, UserTokenSource } from './parley.ts';
import { toParleyError } from './parley-error.ts';
import { chosenStorage, namesIn, withStorage } from './storage.ts';

/** A source of user tokens for anonymous visitors. */
export interface GuestTokenSource extends UserTokenSource {
  /** Returns the token of this browser's guest, if there is one. */
  kept(): string | undefined;
  /** Removes the guest from this browser, for example after its chats were claimed. */
  forget(): void;
}

/** The number of characters of a key that may be shown in lists and logs. */
const VISIBLE_LENGTH = 12;

/**
 * Creates a `userToken` source for anonymous visitors. It creates one guest per browser and key, and stores
 * it, so that visitors find their chats again. Requires a publishable key with `access: 'guest'`. Without a
 * storage the guest lasts as long as the page.
 *
 * The returned function rejects with ParleyError: `guest_key_needed`, `unauthorized`, `rate_limited`,
 * `network`.
 */
export function guestToken(
  options: Pick<ParleyOptions, 'url' | 'apiKey' | 'storage' | 'fetch'>,
): GuestTokenSource {
  const credentials = new Credentials({ apiKey: options.apiKey });
  const trpc = openTrpc(options, credentials);
  const storage = chosenStorage(options.storage);
  const all = `parley:guest:${baseOf(options)}:`;
  /** Rejected tokens. Each is tried once. */
  const rejectedTokens = new Set<string>();
  let current: string | undefined;

  /**
   * Returns the stored tokens, the one of this key first. After a key was rolled, its guests are stored under
   * the former key.
   */
  function guests(own = ''): string[] {
    const names = [all + own, ...namesIn(storage, all)];
    const tokens = names.map((name) => withStorage(storage, (open) => open.getItem(name)) ?? undefined);
    return [current, ...tokens].filter((token) => token !== undefined);
  }

  async function find(rejected: string | undefined): Promise<string> {
    const own = (await credentials.current()).key.slice(0, VISIBLE_LENGTH);
    if (rejected !== undefined) rejectedTokens.add(rejected);
    const known = () => guests(own).find((token) => !rejectedTokens.has(token));
    current = known();
    if (current !== undefined) return current;
    // Tabs that open at the same time share one guest: the first creates it, the others find it.
    return exclusively(all + own, async () => {
      current = known() ?? (await trpc.guest.create.mutate({})).token;
      const created = current;
      withStorage(storage, (open) => open.setItem(all + own, created));
      return current;
    });
  }

  return Object.assign(
    (rejected?: string) =>
      find(rejected).catch((error: unknown): never => {
        throw toParleyError(error);
      }),
    {
      kept: () => guests()[0],
      forget() {
        const forgotten = guests()[0];
        current = undefined;
        for (const name of namesIn(storage, all)) {
          if (withStorage(storage, (open) => open.getItem(name)) === forgotten) {
            withStorage(storage, (open) => open.removeItem(name));
          }
        }
      },
    },
  );
}
