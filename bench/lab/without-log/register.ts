import { registerHooks } from 'node:module';

/*
 * Loaded before the server's own program, which then keeps no log of running answers: for this measurement
 * alone, so the server has no switch for it.
 */

const KEPT = new URL('../../../packages/db/src/turn-log/turn-log-store.ts', import.meta.url).href;
const NOT_KEPT = new URL('./turn-log-store.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const isReplaced = resolved.url === KEPT && context.parentURL !== NOT_KEPT;
    return isReplaced ? { ...resolved, url: NOT_KEPT } : resolved;
  },
});
