import { defineConfig } from 'vitest/config';

/** Tests without a database. `npm run check` runs them; they download nothing. */
export default defineConfig({ test: { include: ['**/*.test.ts'] } });
