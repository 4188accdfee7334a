import { defineConfig } from 'vitest/config';

/** What needs no database: `npm run check` runs it, and downloads nothing. */
export default defineConfig({ test: { include: ['**/*.test.ts'] } });
