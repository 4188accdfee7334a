import { clsx } from 'clsx';

/** Where something will be. What it is, is said beside it once. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={clsx('rounded-2xl bg-hover animate-breathe', className)} />;
}
