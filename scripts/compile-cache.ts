import { join } from 'node:path';

// Processes that tests start load compiled files: they start in half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/node');
