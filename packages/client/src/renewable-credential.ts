import { CredentialError } from './parley-error.ts';

interface RenewableCredentialDeps {
  /** A fixed credential, or a function that fetches one. */
  readonly from: string | ((refused?: string) => Promise<string>);
  /** The error code if the function returns no credential. */
  readonly code: CredentialError['code'];
  /** Returns the lifetime of a credential in milliseconds, if it states one. */
  readonly lifeMsOf?: (credential: string) => number | undefined;
  /** Called with each new credential before any caller receives it. */
  readonly onNew?: (credential: string) => void;
}

/** How long before its expiry a credential is renewed. */
const LEAD_MS = 30_000;

/** Caches one credential, renews it before it expires, and replaces it when the server rejects it. */
export class RenewableCredential {
  readonly #deps: RenewableCredentialDeps;
  #current: Promise<string> | undefined;
  /** The time from which on the credential is renewed, on the monotonic clock. */
  #staleAt = Number.POSITIVE_INFINITY;

  constructor(deps: RenewableCredentialDeps) {
    this.#deps = deps;
    this.#current = typeof deps.from === 'string' ? Promise.resolve(deps.from) : undefined;
  }

  /**
   * Returns the cached credential, or fetches one. Concurrent callers share one fetch.
   *
   * @throws CredentialError if the fetch fails; the next call tries again
   */
  current(): Promise<string> {
    const known = this.#current ?? this.#renew();
    if (performance.now() >= this.#staleAt) this.#refresh(known);
    return known;
  }

  /** Replaces a rejected credential. Returns undefined if there is no other one. */
  async renew(refused: string): Promise<string | undefined> {
    if (typeof this.#deps.from === 'string') return undefined;
    const known = await this.current();
    // Another request was rejected earlier and has already renewed it.
    if (known !== refused) return known;
    const next = await this.#renew(refused);
    return next === refused ? undefined : next;
  }

  /** Drops the cached credential, so that the next call fetches one. Returns false for a fixed credential. */
  forget(): boolean {
    if (typeof this.#deps.from === 'string') return false;
    this.#current = undefined;
    return true;
  }

  /** Renews the credential in the background. The current one stays in use if this fails. */
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
    const lifeMs = this.#deps.lifeMsOf?.(credential) ?? Number.POSITIVE_INFINITY;
    this.#staleAt = performance.now() + Math.max(lifeMs - LEAD_MS, LEAD_MS);
    this.#deps.onNew?.(credential);
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
    const { from, code } = this.#deps;
    try {
      const credential = typeof from === 'string' ? from : await from(refused);
      if (!credential) {
        throw new Error(
          code === 'unauthorized'
            ? 'The `apiKey` function returned no key.'
            : 'The `userToken` function returned no token.',
        );
      }
      return credential;
    } catch (cause) {
      throw new CredentialError(code, cause);
    }
  }
}
