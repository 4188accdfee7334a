import { lazyModule } from '../lib/lazy-module.ts';

/** What offers to bring a deleted chat back: fetched when somebody looks at what can be done with a chat. */
export const toastsModule = lazyModule(() => import('../layout/toasts.tsx'));
