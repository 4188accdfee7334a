import { clsx } from 'clsx';

/** A placeholder for content that is loading. Screen readers ignore it. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={clsx('rounded-2xl bg-hover animate-breathe', className)} />;
}
