import { CredentialMissing } from './parley-error.ts';

interface CredentialRingParts {
  /** The credential, or where it comes from. */
  readonly from: string | ((refused?: string) => Promise<string>);
  /** What it is called when its source gives none. */
  readonly code: CredentialMissing['code'];
  /** How long one lasts, where it says so. */
  readonly lifeMsOf?: (credential: string) => number | undefined;
  /** Told of each credential that is remembered, before anybody else has it. */
  readonly onNew?: (credential: string) => void;
}

/** Another one is asked for so long before the end. */
const LEAD_MS = 30_000;

/** What requests go out with, and where another one comes from when it is refused. */
export class CredentialRing {
  readonly #parts: CredentialRingParts;
  #current: Promise<string> | undefined;
  /** From when on another one is better than it; by the monotonic clock. */
  #staleAt = Number.POSITIVE_INFINITY;

  constructor(parts: CredentialRingParts) {
    this.#parts = parts;
    this.#current = typeof parts.from === 'string' ? Promise.resolve(parts.from) : undefined;
  }

  /**
   * The remembered one; the source is asked once for all who come at the same time.
   *
   * @throws CredentialMissing when the source failed; the next one to come asks it again
   */
  current(): Promise<string> {
    const known = this.#current ?? this.#renew();
    if (performance.now() >= this.#staleAt) this.#refresh(known);
    return known;
  }

  /** Another one than the refused. Undefined when there is no other. */
  async renew(refused: string): Promise<string | undefined> {
    if (typeof this.#parts.from === 'string') return undefined;
    const known = await this.current();
    // Somebody else's request was refused first, and has asked already.
    if (known !== refused) return known;
    const next = await this.#renew(refused);
    return next === refused ? undefined : next;
  }

  /** The source is asked anew by the next one to come; false for one that is fixed. */
  forget(): boolean {
    if (typeof this.#parts.from === 'string') return false;
    this.#current = undefined;
    return true;
  }

  /** Nobody waits for it: what is known still works, and is refused in time if nothing else comes. */
  #refresh(known: Promise<string>): void {
    this.#staleAt = performance.now() + LEAD_MS;
    void known
      .then((credential) => this.#ask(credential))
      .then((next) => {
        if (this.#current !== known) return;
        this.#current = Promise.resolve(next);
        this.#remember(next);
      })
      .catch(() => undefined);
  }

  #remember(credential: string): void {
    const lifeMs = this.#parts.lifeMsOf?.(credential) ?? Number.POSITIVE_INFINITY;
    this.#staleAt = performance.now() + Math.max(lifeMs - LEAD_MS, LEAD_MS);
    this.#parts.onNew?.(credential);
  }

  #renew(refused?: string): Promise<string> {
    const asked: Promise<string> = this.#ask(refused).then((credential) => {
      if (this.#current === asked) this.#remember(credential);
      return credential;
    });
    this.#current = asked;
    this.#staleAt = Number.POSITIVE_INFINITY;
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined;
    });
    return asked;
  }

  async #ask(refused?: string): Promise<string> {
    const { from, code } = this.#parts;
    try {
      const credential = typeof from === 'string' ? from : await from(refused);
      if (!credential) {
        throw new Error(code === 'unauthorized' ? 'No API key could be had.' : 'No user token could be had.');
      }
      return credential;
    } catch (cause) {
      throw new CredentialMissing(code, cause);
    }
  }
}
