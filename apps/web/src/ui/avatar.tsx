import { clsx } from 'clsx';

interface AvatarProps {
  readonly address: string;
  readonly className?: string;
}

/** A round picture of the agent. It decorates the name or the greeting beside it. */
export function Avatar({ address, className }: AvatarProps) {
  return <img src={address} alt="" className={clsx('shrink-0 rounded-full object-cover', className)} />;
}
