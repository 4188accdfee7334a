import { Credentials } from './credentials.ts';
import { exclusively } from './exclusively.ts';
import { baseOf, openTrpc } from './open-trpc.ts';
import type { ParleyOptions, UserTokenSource } from './parley.ts';
import { toParleyError } from './parley-error.ts';
import { chosenStorage, namesIn, using } from './storage.ts';

/** A source of user tokens for visitors nobody knows. */
export interface GuestTokenSource extends UserTokenSource {
  /** The guest of this browser, if there is one already. */
  kept(): string | undefined;
  /** The browser remembers the guest no more: once their chats were claimed, say. */
  forget(): void;
}

/** As much of a key as lists and logs may show. */
const VISIBLE_LENGTH = 12;

/**
 * Makes a guest, once per browser and key: they find their chats again at their next visit. For `userToken`, with
 * a publishable key whose `access` is `guest`. Where there is no storage a guest lasts as long as the page.
 *
 * What it answers rejects with ParleyError: `guest_key_needed`, `unauthorized`, `rate_limited`, `network`.
 */
export function guestToken(
  options: Pick<ParleyOptions, 'url' | 'apiKey' | 'storage' | 'fetch'>,
): GuestTokenSource {
  const credentials = new Credentials({ apiKey: options.apiKey });
  const trpc = openTrpc(options, credentials);
  const storage = chosenStorage(options.storage);
  const all = `parley:guest:${baseOf(options)}:`;
  /** Each is tried once. */
  const refusedOnes = new Set<string>();
  let current: string | undefined;

  /** Those of the browser, the key's own first: a key that was rolled has the guests of the one before. */
  function guests(own = ''): string[] {
    const names = [all + own, ...namesIn(storage, all)];
    const tokens = names.map((name) => using(storage, (open) => open.getItem(name)) ?? undefined);
    return [current, ...tokens].filter((token) => token !== undefined);
  }

  async function find(refused: string | undefined): Promise<string> {
    const own = (await credentials.current()).key.slice(0, VISIBLE_LENGTH);
    if (refused !== undefined) refusedOnes.add(refused);
    const known = () => guests(own).find((token) => !refusedOnes.has(token));
    current = known();
    if (current !== undefined) return current;
    // Tabs that are opened at once are one visitor: the first makes the guest, the others find it.
    return exclusively(all + own, async () => {
      current = known() ?? (await trpc.guest.create.mutate({})).token;
      const kept = current;
      using(storage, (open) => open.setItem(all + own, kept));
      return current;
    });
  }

  return Object.assign(
    (refused?: string) =>
      find(refused).catch((error: unknown): never => {
        throw toParleyError(error);
      }),
    {
      kept: () => guests()[0],
      forget() {
        const forgotten = guests()[0];
        current = undefined;
        for (const name of namesIn(storage, all)) {
          if (using(storage, (open) => open.getItem(name)) === forgotten) {
            using(storage, (open) => open.removeItem(name));
          }
        }
      },
    },
  );
}
