import { createHmac } from 'node:crypto';
import { type Id, utcDay } from '@parley/contract';
import type { Stores } from '@parley/db';
import type { TurnRequester } from '@parley/turns';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import { boundedNetworks, type ClientAddress, countedNetworks } from '../gate/client-address.ts';
import { loadOnce } from '../load-once.ts';

type BudgetNetwork = NonNullable<TurnRequester['networks']>[number];

const KEY_MANAGEMENT = 'dir';
const ENCRYPTION = 'A256GCM';

/**
 * The networks that the messages of guests, and of the chat page's visitors, count against. A guest carries the network
 * that created it: encrypted, with a key that all servers share, in the guest's document or in the visitor's cookie and
 * token. Nobody can read it there, or see that two guests have the same network.
 */
export class GuestNetworks {
  /** It is read once: it only changes by a reset of the encryption, after which every server is restarted. */
  readonly #cookieKey: () => Promise<{ readonly key: string }>;

  constructor(visitors: Pick<Stores['visitors'], 'cookieKey'>) {
    this.#cookieKey = loadOnce(() => visitors.cookieKey());
  }

  /**
   * Returns the network of a client that becomes a guest, encrypted; undefined if its address is not known. While
   * `TRUST_PROXY` is off, a proxy hides it: its guests would share one budget also after the operator has named it.
   *
   * @throws ApiError `encryption_key_outdated`, `database_unavailable`
   */
  async seal(team: Id<'team'>, client: ClientAddress | undefined): Promise<string | undefined> {
    if (!client || client.share !== undefined) return undefined;
    return new CompactEncrypt(new TextEncoder().encode(client.text))
      .setProtectedHeader({ alg: KEY_MANAGEMENT, enc: ENCRYPTION })
      .encrypt(await this.#key(team, 'sealing'));
  }

  /**
   * Returns the networks whose budgets a guest's message spends today: those that it comes from, and those that created
   * the guest. A network that is both is returned once.
   *
   * @throws ApiError `encryption_key_outdated`, `database_unavailable`
   */
  async budgetNetworks(
    team: Id<'team'>,
    client: ClientAddress | undefined,
    sealedCreator: string | undefined,
  ): Promise<BudgetNetwork[]> {
    const creator = sealedCreator === undefined ? undefined : await this.#open(team, sealedCreator);
    const all = [
      ...boundedNetworks(client).map((network) => ({ ...network, role: 'sender' as const })),
      ...(creator === undefined ? [] : countedNetworks(creator)).map((network) => ({
        ...network,
        role: 'creator' as const,
      })),
    ];
    const key = await this.#key(team, 'names');
    const named = new Map<string, BudgetNetwork>();
    for (const { text, factor, role } of all) {
      if (!named.has(text)) named.set(text, { name: nameOfDay(key, text), factor, role });
    }
    return [...named.values()];
  }

  /** Undefined for a text that was not sealed with this key, such as one from before a reset of the encryption. */
  async #open(team: Id<'team'>, sealed: string): Promise<string | undefined> {
    try {
      const { plaintext } = await compactDecrypt(sealed, await this.#key(team, 'sealing'), {
        keyManagementAlgorithms: [KEY_MANAGEMENT],
        contentEncryptionAlgorithms: [ENCRYPTION],
      });
      return new TextDecoder().decode(plaintext);
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  async #key(team: Id<'team'>, purpose: 'sealing' | 'names'): Promise<Buffer> {
    const { key } = await this.#cookieKey();
    return createHmac('sha256', key).update(`guest networks/${purpose}/${team}`).digest();
  }
}

/** Names a network in budgets. The name changes with the day, so that two days are not linked. */
function nameOfDay(key: Buffer, network: string): string {
  const day = utcDay(new Date());
  return createHmac('sha256', key).update(`${day}/${network}`).digest('base64url').slice(0, 22);
}
