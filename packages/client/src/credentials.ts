import { CredentialRing } from './credential-ring.ts';
import type { ParleyOptions } from './parley.ts';
import type { ParleyError } from './parley-error.ts';
import { lifeMsOf, userOf } from './user-of.ts';

/** What a request goes out with. */
export interface Shown {
  readonly key: string;
  /** Absent where there are no users. */
  readonly userToken?: string;
}

/** Which of the two a refusal is about; undefined when it is about neither. */
export function refusedPart(code: ParleyError['code']): 'key' | 'user' | undefined {
  if (code === 'unauthorized') return 'key';
  return isOfUser(code) ? 'user' : undefined;
}

/** Refusals of a user's token: nobody is let in by it now, and another may come. */
export function isOfUser(code: ParleyError['code']): boolean {
  return (
    code === 'user_token_expired' ||
    code === 'user_token_invalid' ||
    code === 'user_token_needed' ||
    code === 'user_signed_out'
  );
}

/** Told who is here, before a request of theirs goes out, and who was; undefined: it is not known. */
type OnUser = (user: string | undefined, former: string | undefined) => void;

/** The API key, and whose token goes with it. */
export class Credentials {
  readonly #keys: CredentialRing;
  readonly #tokens: CredentialRing | undefined;
  readonly #onUser: OnUser;
  #user: string | undefined;

  constructor(
    { apiKey, userToken }: Pick<ParleyOptions, 'apiKey' | 'userToken'>,
    onUser: OnUser = () => undefined,
  ) {
    this.#keys = new CredentialRing({ from: apiKey, code: 'unauthorized' });
    this.#onUser = onUser;
    if (userToken === undefined) return;
    if (typeof userToken === 'string') this.#user = userOf(userToken);
    this.#tokens = new CredentialRing({
      from: userToken,
      code: 'user_token_needed',
      lifeMsOf,
      onNew: (token) => this.#become(userOf(token)),
    });
  }

  /** Whether whose requests they are is known: who it is, or that there are no users. */
  get isUserKnown(): boolean {
    return this.#tokens === undefined || this.#user !== undefined;
  }

  /** Undefined where there are no users, and until it is known. */
  get user(): string | undefined {
    return this.#user;
  }

  /** @throws CredentialMissing */
  async current(): Promise<Shown> {
    const [key, userToken] = await Promise.all([this.#keys.current(), this.#tokens?.current()]);
    return { key, ...(userToken !== undefined && { userToken }) };
  }

  /**
   * What to try again with, after a refusal; undefined when nothing else can be had. What was asked for one user
   * is not asked again as another.
   *
   * @throws CredentialMissing
   */
  async renew(part: 'key' | 'user', shown: Shown): Promise<Shown | undefined> {
    if (part === 'key') {
      const key = await this.#keys.renew(shown.key);
      return key === undefined ? undefined : { ...shown, key };
    }
    if (shown.userToken === undefined) return undefined;
    const userToken = await this.#tokens?.renew(shown.userToken);
    const isSame = userToken !== undefined && userOf(userToken) === userOf(shown.userToken);
    return isSame ? { ...shown, userToken } : undefined;
  }

  /** Who is here is asked anew. Nothing where that is fixed. */
  forgetUser(): void {
    if (!this.#tokens?.forget()) return;
    this.#become(undefined);
  }

  #become(user: string | undefined): void {
    const former = this.#user;
    if (user === former) return;
    this.#user = user;
    this.#onUser(user, former);
  }
}
