import type { ApiKeySource } from './parley.ts';
import { ApiKeyMissing } from './parley-error.ts';

/** The key that requests go out with, and where another one comes from when it is refused. */
export class KeyRing {
  /** Undefined for a key that is fixed. */
  readonly #source: ApiKeySource | undefined;
  #current: Promise<string> | undefined;

  constructor(apiKey: string | ApiKeySource) {
    this.#source = typeof apiKey === 'string' ? undefined : apiKey;
    this.#current = typeof apiKey === 'string' ? Promise.resolve(apiKey) : undefined;
  }

  /**
   * The remembered key; the source is asked once for all who come at the same time.
   *
   * @throws ApiKeyMissing when the source failed; the next one to come asks it again
   */
  key(): Promise<string> {
    return this.#current ?? this.#remember(this.#ask());
  }

  /** Another key than the refused one. Undefined when there is no other. */
  async renew(refused: string): Promise<string | undefined> {
    if (!this.#source) return undefined;
    const known = await this.key();
    // Somebody else's request was refused first, and has asked already.
    if (known !== refused) return known;
    const next = await this.#remember(this.#ask(refused));
    return next === refused ? undefined : next;
  }

  #remember(asked: Promise<string>): Promise<string> {
    this.#current = asked;
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined;
    });
    return asked;
  }

  async #ask(refused?: string): Promise<string> {
    try {
      const key = await this.#source?.(refused);
      if (!key) throw new Error('No API key could be had.');
      return key;
    } catch (cause) {
      throw new ApiKeyMissing(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }
}
