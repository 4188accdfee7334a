import type { LucideIcon } from 'lucide-react';
import { Button, type ButtonProps } from './button.tsx';
import { Tooltip } from './tooltip.tsx';

interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** The accessible name, also shown as a tooltip. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly keys?: string;
}

/** A button with an icon and a tooltip. */
export function IconButton({ label, icon: Icon, keys, shape = 'icon', ...props }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <Button shape={shape} aria-label={label} {...props}>
        <Icon aria-hidden />
      </Button>
    </Tooltip>
  );
}
