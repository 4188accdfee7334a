import { clsx } from 'clsx';
import { LoaderCircle } from 'lucide-react';

/** An animated loading icon. Screen readers ignore it. */
export function Spinner({ className }: { readonly className?: string }) {
  return <LoaderCircle aria-hidden className={clsx('size-4 animate-spin', className)} />;
}
