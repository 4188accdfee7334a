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
   * The key that every browser with the page gets. Without a valid key the page cannot work, and says why. A
   * `verified` key reaches nothing without a user's token.
   */
  readonly publishableKey: string | undefined;
}

/** The stores that the session of the chat page needs. */
export type SessionStores = Pick<Services['stores'], 'apiKeys' | 'signingSecrets'> & VisitorStores;

const PATH = '/web/session';
const COOKIE = 'parley_visitor';
/**
 * The name of the cookie. Pages of sibling hosts cannot set a cookie with this prefix (RFC 6265bis, section
 * 4.1.3.2).
 */
const HTTPS_COOKIE = `__Host-${COOKIE}`;
/** The cookie of release 0.1.0, which contained the user's id. */
const LEGACY_COOKIE = { name: 'parley_user', path: '/web' };
/** The maximum size of a body. The page sends none. */
const BODY_BYTES_MAX = 1024;
const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Adds `POST /web/session`, which does for the chat page what a customer's backend does: it returns the publishable
 * key, and signs a token for the visitor in the browser's cookie, which scripts cannot read. Only its own page may
 * call it, because a page of another site must not get the visitor's token.
 */
export async function webSessionRoutes(
  app: FastifyInstance,
  {
    session,
    stores,
    guestNetworks,
    isOwnOrigin,
  }: {
    session: WebSession;
    stores: SessionStores;
    guestNetworks: Services['guestNetworks'];
    isOwnOrigin: IsOwnOrigin;
  },
): Promise<void> {
  await app.register(cookies);
  const visitors = createVisitors({ ...stores, guestNetworks });
  // Only its own page can read a response of this route, and no cache stores it.
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
      const issuedAt = new Date();
      const { userId, cookie, network } = await visitors.identify(team, {
        cookie: request.cookies[name],
        legacyCookie: request.cookies[LEGACY_COOKIE.name],
        client: request.client(),
      });
      const life = { seconds: limits.webUserTokenSeconds, isAnonymous: true, network, issuedAt };
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
 * Returns the team of the page's key.
 *
 * @throws ApiError `web_app_not_configured` without a valid key that is not secret: a secret key must not leave
 *   this process; `database_unavailable`
 */
async function teamOf(publishableKey: string | undefined, { apiKeys }: SessionStores): Promise<Id<'team'>> {
  const key = publishableKey?.startsWith('pk_') ? await apiKeys.find(publishableKey) : undefined;
  if (!key) throw new ApiError('web_app_not_configured');
  return key.team;
}

/**
 * Checks that the request comes from this server's own page and, if the page is for this machine only, from this
 * machine.
 *
 * @throws ApiError otherwise
 */
function rejectStrangers(request: FastifyRequest, { audience }: WebSession, isOwnOrigin: IsOwnOrigin): void {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  const isOwnPage =
    audience === 'everyone' ? origin !== undefined && isOwnOrigin(origin, host) : origin === `http://${host}`;
  if (!isOwnPage) throw new ApiError('origin_not_allowed');
  if (site !== undefined && site !== 'same-origin') throw new ApiError('origin_not_allowed');
  if (audience === 'everyone') return;
  // The host name is checked too: a foreign name can resolve to this server (DNS rebinding), and would be its own
  // origin.
  const isHere = isLoopbackHost(host) && isLoopbackAddress(request.socket.remoteAddress);
  if (!isHere || isForwarded(request)) throw new ApiError('web_app_local_only');
}

/** A proxy on this machine sends the requests of others. */
function isForwarded({ headers }: FastifyRequest): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].some(
    (name) => name in headers,
  );
}

function schemeOf({ headers: { origin = '' } }: FastifyRequest): string | undefined {
  return URL.parse(origin)?.protocol;
}
