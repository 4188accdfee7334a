import { CredentialMissing } from './parley-error.ts';

interface CredentialRingParts {
  /** The credential, or where it comes from. */
  readonly from: string | ((refused?: string) => Promise<string>);
  /** What it is called when its source gives none. */
  readonly code: CredentialMissing['code'];
  /** Told of each credential that is remembered, before anybody else has it. */
  readonly onNew?: (credential: string) => void;
}

/** What requests go out with, and where another one comes from when it is refused. */
export class CredentialRing {
  readonly #parts: CredentialRingParts;
  #current: Promise<string> | undefined;

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
    return this.#current ?? this.#renew();
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

  #renew(refused?: string): Promise<string> {
    const asked: Promise<string> = this.#ask(refused).then((credential) => {
      if (this.#current === asked) this.#parts.onNew?.(credential);
      return credential;
    });
    this.#current = asked;
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
