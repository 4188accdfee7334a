import type { ParleyOptions } from './parley.ts';
import type { ParleyError } from './parley-error.ts';
import { RenewableCredential } from './renewable-credential.ts';
import { lifeMsOf, userOf } from './user-of.ts';

/** The credentials of a request. */
export interface CredentialPair {
  readonly key: string;
  /** Absent if the client has no users. */
  readonly userToken?: string;
}

/** Returns the credential that an error code is about, or undefined. */
export function rejectedCredential(code: ParleyError['code']): 'key' | 'user' | undefined {
  if (code === 'unauthorized') return 'key';
  return isUserTokenError(code) ? 'user' : undefined;
}

/** Checks whether the server rejected the user's token. Another token may be accepted. */
export function isUserTokenError(code: ParleyError['code']): boolean {
  return (
    code === 'user_token_expired' ||
    code === 'user_token_invalid' ||
    code === 'user_token_needed' ||
    code === 'user_signed_out'
  );
}

/** Called with the new and the former user before the new user's first request. Undefined means unknown. */
type OnUser = (user: string | undefined, former: string | undefined) => void;

/** The API key and the user token of a client. */
export class Credentials {
  readonly #keys: RenewableCredential;
  readonly #tokens: RenewableCredential | undefined;
  readonly #onUser: OnUser;
  #user: string | undefined;

  constructor(
    { apiKey, userToken }: Pick<ParleyOptions, 'apiKey' | 'userToken'>,
    onUser: OnUser = () => undefined,
  ) {
    this.#keys = new RenewableCredential({ from: apiKey, code: 'unauthorized' });
    this.#onUser = onUser;
    if (userToken === undefined) return;
    if (typeof userToken === 'string') this.#user = userOf(userToken);
    this.#tokens = new RenewableCredential({
      from: userToken,
      code: 'user_token_needed',
      lifeMsOf,
      onNew: (token) => this.#become(userOf(token)),
    });
  }

  /** True if the user is known, or if the client has no users. */
  get isUserKnown(): boolean {
    return this.#tokens === undefined || this.#user !== undefined;
  }

  /** Undefined if the client has no users or the user is not known yet. */
  get user(): string | undefined {
    return this.#user;
  }

  /**
   * Returns the credentials for the next request.
   *
   * @throws CredentialError if a source fails
   */
  async current(): Promise<CredentialPair> {
    const [key, userToken] = await Promise.all([this.#keys.current(), this.#tokens?.current()]);
    return { key, ...(userToken !== undefined && { userToken }) };
  }

  /**
   * Renews a rejected credential. Returns undefined if there is no other one, or if the new token belongs to
   * another user: a request is never repeated as another user.
   *
   * @throws CredentialError if a source fails
   */
  async renew(part: 'key' | 'user', shown: CredentialPair): Promise<CredentialPair | undefined> {
    if (part === 'key') {
      const key = await this.#keys.renew(shown.key);
      return key === undefined ? undefined : { ...shown, key };
    }
    if (shown.userToken === undefined) return undefined;
    const userToken = await this.#tokens?.renew(shown.userToken);
    const isSame = userToken !== undefined && userOf(userToken) === userOf(shown.userToken);
    return isSame ? { ...shown, userToken } : undefined;
  }

  /** Forgets the user, so that the next request fetches a token. Does nothing if the token is fixed. */
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
