import { lazyModule } from '../lib/lazy-module.ts';

/** The toasts, loaded when a user opens the menu of a chat. */
export const toastsModule = lazyModule(() => import('../layout/toasts.tsx'));
