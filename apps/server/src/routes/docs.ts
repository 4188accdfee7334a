import { buildOpenApiDocument } from '@parley/api';
import reference from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { limitAsFiles } from '../gate/gate-hook.ts';
import { version } from '../version.ts';
import { inlineScriptHashes } from './inline-scripts.ts';

/** The policy of the reference page: it may load only what this server serves, and run only its own scripts. */
function referencePolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${inlineScriptHashes([html]).join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** The OpenAPI document as JSON. The first request creates it, because a start need not wait for it. */
let openApiJson: string | undefined;

/** Serves `/openapi.json`, created once from the router, and `/docs/reference`, a page to read it and try it out. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  limitAsFiles(app);
  app.get('/openapi.json', { config: { gate: 'unlimited' } }, async (_request, reply) => {
    openApiJson ??= JSON.stringify(buildOpenApiDocument({ version }));
    return reply.header('content-type', 'application/json; charset=utf-8').send(openApiJson);
  });

  // The library creates the page, so the policy is computed from the page.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload !== 'string' || !isHtml(reply.getHeader('content-type'))) return;
    reply.header('content-security-policy', referencePolicy(payload));
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
  });
}

function isHtml(contentType: unknown): boolean {
  return typeof contentType === 'string' && contentType.startsWith('text/html');
}
