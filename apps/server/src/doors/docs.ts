import { buildOpenApiDocument } from '@parley/api';
import reference from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { version } from '../version.ts';

/** The reference page may load what this server serves and nothing else: it works without another host. */
const REFERENCE_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** `/openapi.json`, made once from the router, and `/docs/reference`, a page to read it and to try it. */
export async function docsDoor(app: FastifyInstance): Promise<void> {
  const document = JSON.stringify(buildOpenApiDocument({ version }));

  app.get('/openapi.json', async (_request, reply) => {
    return reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });

  await app.register(reference, {
    routePrefix: '/docs/reference',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Parley Chat API',
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      mcp: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: 'never',
      authentication: { preferredSecurityScheme: 'apiKey' },
      persistAuth: false,
    },
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', REFERENCE_POLICY);
        done();
      },
    },
  });
}
