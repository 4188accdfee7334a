import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type ClientAddress, loadOnce, type Services } from '@parley/api';
import { type Id, limits } from '@parley/contract';

/** A browser that has opened the chat page. */
export interface Visitor {
  /** The user id, which API callers of the team can see. The cookie cannot be computed from it. */
  readonly userId: string;
  /** The secret in the browser's cookie, by which the server recognizes a visitor. */
  readonly cookie: string;
  /** The network that created the visitor, encrypted. Absent for cookies of earlier versions. */
  readonly network?: string | undefined;
}

/** The cookies that a browser sent: its own, and the one of release 0.1.0. And its address, if it is known. */
export interface VisitorRequest {
  readonly cookie: string | undefined;
  readonly legacyCookie: string | undefined;
  readonly client?: ClientAddress | undefined;
}

/** The stores that the visitor cookie needs. */
export type VisitorStores = Pick<Services['stores'], 'visitors' | 'chats' | 'userStatuses'>;

type VisitorDeps = VisitorStores & Pick<Services, 'guestNetworks'>;

/** The size of a visitor's secret, which cannot be guessed. */
const SECRET_BYTES = 32;
/**
 * The form of a cookie. `v`: the user id is derived from the secret. `x`: the secret replaced a cookie of release
 * 0.1.0. The day of the last visit is counted from the Unix epoch. The network is absent in cookies of earlier versions
 * and of kind `x`.
 */
const COOKIE =
  /^(?<kind>[vx])\.(?<day>\d{1,6})\.(?<secret>[\w-]{43})(?:\.(?<network>[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+))?\.(?<mac>[\w-]{43})$/;
/** The form of the cookie of release 0.1.0, which was the user id itself. New ids have another form. */
const LEGACY_USER_ID = /^web_[0-9a-f]{40}$/;
const LEGACY_DAYS = 30;
/** The time in which an exchange can be repeated, because its response was lost or two tabs ask at once. */
const EXCHANGE_REPEAT_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
const COOKIE_DAYS = limits.webCookieSeconds / (24 * 60 * 60);

type CookieKind = 'v' | 'x';

/**
 * Recognizes the visitors of the chat page by their cookies. A cookie with a wrong signature (HMAC) is ignored
 * without a database read. A cookie expires a year after the last accepted visit, so that none outlives a sign-out.
 */
export function createVisitors(
  { visitors, chats, userStatuses, guestNetworks }: VisitorDeps,
  now: () => number = Date.now,
) {
  /** It is read once: it only changes by a reset of the encryption, after which every server is restarted. */
  const cookieKey = loadOnce(() => visitors.cookieKey());

  /** Returns the visitor of a browser, or a new one if it has no valid cookie. */
  async function identify(team: Id<'team'>, sent: VisitorRequest): Promise<Visitor> {
    const { key, createdAt } = await cookieKey();
    const known = await recognise(key, team, sent.cookie);
    if (known) return known;
    const isLegacyTime = now() - createdAt.getTime() < LEGACY_DAYS * DAY_MS;
    const exchanged = isLegacyTime ? await exchange(key, team, sent.legacyCookie) : undefined;
    return exchanged ?? newVisitor(key, team, await guestNetworks.seal(team, sent.client));
  }

  const today = () => Math.floor(now() / DAY_MS);

  function newVisitor(key: string, team: Id<'team'>, network: string | undefined): Visitor {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const cookie = cookieOf(key, team, { kind: 'v', secret, network }, today());
    return { userId: userIdOf(team, secret), cookie, network };
  }

  async function recognise(
    key: string,
    team: Id<'team'>,
    cookie: string | undefined,
  ): Promise<Visitor | undefined> {
    const parts = COOKIE.exec(cookie ?? '')?.groups;
    if (!cookie || !parts) return undefined;
    const { day = '', secret = '', network } = parts;
    const kind = parts['kind'] === 'x' ? 'x' : 'v';
    const isGenuine = isSame(cookie, cookieOf(key, team, { kind, secret, network }, Number(day)));
    if (!isGenuine || Number(day) + COOKIE_DAYS < today()) return undefined;
    const userId =
      kind === 'v' ? userIdOf(team, secret) : await visitors.findExchanged({ team }, hashOf(team, secret));
    // The secret cannot change without the user id, so that a sign-out ends both.
    if (userId === undefined || (await isSignedOut(team, userId))) return undefined;
    return { userId, cookie: cookieOf(key, team, { kind, secret, network }, today()), network };
  }

  /** Read now: a token that is signed after a sign-out would work until it expires. */
  async function isSignedOut(team: Id<'team'>, userId: string): Promise<boolean> {
    const { signedOutAt } = await userStatuses.findNow({ team }, userId);
    return signedOutAt !== undefined;
  }

  /**
   * Accepts a cookie of release 0.1.0 once, for a user who has chats. The new secret is derived from the user id
   * and the key, so a repetition within the minute gets the same one.
   */
  async function exchange(
    key: string,
    team: Id<'team'>,
    legacyCookie: string | undefined,
  ): Promise<Visitor | undefined> {
    if (legacyCookie === undefined || !LEGACY_USER_ID.test(legacyCookie)) return undefined;
    const { items } = await chats.list({ team, user: legacyCookie }, {}, { limit: 1 });
    if (items.length === 0 || (await isSignedOut(team, legacyCookie))) return undefined;
    const secret = createHmac('sha256', key).update(`exchange/${team}/${legacyCookie}`).digest('base64url');
    const exchangedAt = await visitors.exchange({ team }, legacyCookie, hashOf(team, secret));
    if (!exchangedAt || now() - exchangedAt.getTime() > EXCHANGE_REPEAT_MS) return undefined;
    const day = Math.floor(exchangedAt.getTime() / DAY_MS);
    return { userId: legacyCookie, cookie: cookieOf(key, team, { kind: 'x', secret }, day) };
  }

  return { identify };
}

/** A one-way function: the cookie cannot be computed from the id. */
function userIdOf(team: Id<'team'>, secret: string): string {
  return `visitor_${createHash('sha256').update(`visitor/${team}/${secret}`).digest('hex').slice(0, 40)}`;
}

function hashOf(team: Id<'team'>, secret: string): string {
  return createHash('sha256').update(`exchanged/${team}/${secret}`).digest('hex');
}

function cookieOf(
  key: string,
  team: Id<'team'>,
  {
    kind,
    secret,
    network,
  }: { readonly kind: CookieKind; readonly secret: string; readonly network?: string | undefined },
  day: number,
): string {
  const signed = [kind, day, secret, ...(network === undefined ? [] : [network])];
  const mac = createHmac('sha256', key)
    .update(`cookie/${team}/${signed.join('/')}`)
    .digest('base64url');
  return `${signed.join('.')}.${mac}`;
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
