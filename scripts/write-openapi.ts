import { writeFileSync } from 'node:fs';
import { buildOpenApiDocument } from '@parley/api';
import server from '../apps/server/package.json' with { type: 'json' };

// The same document that the server serves; a test holds the two equal.
const document = buildOpenApiDocument({ version: server.version });
writeFileSync(new URL('../docs/openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
