import type { LucideIcon } from 'lucide-react';
import { Button, type ButtonProps } from './button.tsx';
import { Tooltip } from './tooltip.tsx';

interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** The accessible name, shown as a tooltip too. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly keys?: string;
}

export function IconButton({ label, icon: Icon, keys, shape = 'icon', ...props }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <Button shape={shape} aria-label={label} {...props}>
        <Icon aria-hidden />
      </Button>
    </Tooltip>
  );
}
