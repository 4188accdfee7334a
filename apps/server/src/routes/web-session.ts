import cookies from '@fastify/cookie';
import { type IsOwnOrigin, isLoopbackHost, type Services, signUserToken } from '@parley/api';
import { ApiError, type Id, limits } from '@parley/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopbackAddress } from './loopback.ts';
import { createVisitors, type VisitorStores } from './web-visitor.ts';

/** The session of the chat page: its user, and their credentials. */
export interface WebSession {
  readonly audience: 'this machine' | 'everyone';
  /**
   * Told to every browser that may open the page; without one that works the page cannot either, and says why. A
   * `verified` one reaches nothing without the token of a user.
   */
  readonly publishableKey: string | undefined;
}

/** The stores that the session of the chat page needs. */
export type SessionStores = Pick<Services['stores'], 'apiKeys' | 'signingSecrets'> & VisitorStores;

const PATH = '/web/session';
const COOKIE = 'parley_visitor';
/** No page of a neighbouring host can set a cookie of this name (RFC 6265bis, section 4.1.3.2). */
const HTTPS_COOKIE = `__Host-${COOKIE}`;
/** Of release 0.1.0: it held the user's id. */
const LEGACY_COOKIE = { name: 'parley_user', path: '/web' };
/** The page sends no body; whoever does may send a small one. */
const BODY_BYTES_MAX = 1024;
const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * `POST /web/session` lets the chat page in as a customer's backend would: it tells the publishable key, and signs
 * a token for the visitor whom the browser's cookie proves, which no script can read. It answers its own page
 * alone, because a page of another site must not get the token of this one's visitor.
 */
export async function webSessionRoutes(
  app: FastifyInstance,
  { session, stores, isOwnOrigin }: { session: WebSession; stores: SessionStores; isOwnOrigin: IsOwnOrigin },
): Promise<void> {
  await app.register(cookies);
  const visitors = createVisitors(stores);
  // An answer of this route is readable for its own page alone, and nobody keeps it.
  const config = { cors: false };
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post(
    PATH,
    {
      config: { ...config, gate: 'new-visitors' },
      bodyLimit: BODY_BYTES_MAX,
      onRequest: async (request) => rejectStrangers(request, session, isOwnOrigin),
    },
    async (request, reply) => {
      const { publishableKey } = session;
      const team = await teamOf(publishableKey, stores);
      const isSecure = schemeOf(request) === 'https:';
      const name = isSecure ? HTTPS_COOKIE : COOKIE;
      const { userId, cookie } = await visitors.identify(team, {
        cookie: request.cookies[name],
        legacyCookie: request.cookies[LEGACY_COOKIE.name],
      });
      const life = { seconds: limits.webUserTokenSeconds, isAnonymous: true };
      const { token, expiresAt } = await signUserToken(stores, team, userId, life);
      if (request.cookies[LEGACY_COOKIE.name] !== undefined) {
        reply.clearCookie(LEGACY_COOKIE.name, { path: LEGACY_COOKIE.path });
      }
      return reply
        .setCookie(name, cookie, {
          path: '/',
          httpOnly: true,
          sameSite: 'strict',
          secure: isSecure,
          maxAge: limits.webCookieSeconds,
        })
        .send({ publishableKey, userToken: token, userId, expiresAt: expiresAt.toISOString() });
    },
  );

  app.route({
    method: OTHER_METHODS,
    url: PATH,
    config,
    handler: async (_request, reply) => {
      reply.header('allow', 'POST');
      throw new ApiError('method_not_allowed');
    },
  });
}

/**
 * Whose page it is.
 *
 * @throws ApiError `web_app_not_configured` without a key that works, and whatever was configured: a secret key does
 *   not leave this process; `database_unavailable`
 */
async function teamOf(publishableKey: string | undefined, { apiKeys }: SessionStores): Promise<Id<'team'>> {
  const key = publishableKey?.startsWith('pk_') ? await apiKeys.find(publishableKey) : undefined;
  if (!key) throw new ApiError('web_app_not_configured');
  return key.team;
}

/**
 * @throws ApiError unless the request comes from this server's own page and, where the page is for this machine
 *   alone, from this machine
 */
function rejectStrangers(request: FastifyRequest, { audience }: WebSession, isOwnOrigin: IsOwnOrigin): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  const isOwnPage =
    audience === 'everyone' ? origin !== undefined && isOwnOrigin(origin, host) : origin === `http://${host}`;
  if (!isOwnPage) throw new ApiError('origin_not_allowed');
  if (site !== undefined && site !== 'same-origin') throw new ApiError('origin_not_allowed');
  if (audience === 'everyone') return;
  // The name is looked at too: a foreign one may be made to lead here (DNS rebinding), and is then its own origin.
  const isHere = isLoopbackHost(host) && isLoopbackAddress(request.socket.remoteAddress);
  if (!isHere || isForwarded(request)) throw new ApiError('web_app_local_only');
}

/** A proxy on this machine speaks for others. */
function isForwarded({ headers }: FastifyRequest): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].some(
    (name) => name in headers,
  );
}

function schemeOf({ headers: { origin = '' } }: FastifyRequest): string | undefined {
  return URL.parse(origin)?.protocol;
}
