import { clsx } from 'clsx';
import { Check, type LucideIcon } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { usePortalContainer } from './portal-container.ts';

/** A menu; see Radix's `DropdownMenu.Root`. */
export const Menu = Radix.Root;
/** The control that opens a menu. */
export const MenuTrigger = Radix.Trigger;
/** A group of which one entry is chosen. */
export const MenuChoices = Radix.RadioGroup;

/** The entries of a menu. */
export function MenuContent({ className, ...props }: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Portal {...usePortalContainer()}>
      <Radix.Content
        sideOffset={6}
        collisionPadding={8}
        className={clsx(
          'z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 max-w-80 overflow-y-auto rounded-2xl border border-line bg-surface p-1.5 shadow-xl shadow-black/10 animate-appear',
          className,
        )}
        {...props}
      />
    </Radix.Portal>
  );
}

const itemClass =
  'flex items-center gap-2.5 rounded-xl px-2.5 py-2 text-sm outline-none select-none data-highlighted:bg-hover max-md:min-h-11 [&_svg]:size-4 [&_svg]:shrink-0';

interface MenuItemProps extends ComponentProps<typeof Radix.Item> {
  readonly icon: LucideIcon;
  readonly isDanger?: boolean;
}

/** An entry with an icon. */
export function MenuItem({ icon: Icon, isDanger, children, ...props }: MenuItemProps) {
  return (
    <Radix.Item className={clsx(itemClass, isDanger && 'text-danger')} {...props}>
      <Icon aria-hidden />
      {children}
    </Radix.Item>
  );
}

interface MenuChoiceProps extends ComponentProps<typeof Radix.RadioItem> {
  readonly hint?: string | undefined;
}

/** An entry that can be chosen, with an optional hint. */
export function MenuChoice({ hint, children, ...props }: MenuChoiceProps) {
  return (
    <Radix.RadioItem className={itemClass} {...props}>
      <span className="grow">
        {children}
        {hint && <span className="block text-xs text-ink-soft">{hint}</span>}
      </span>
      <Radix.ItemIndicator>
        <Check aria-hidden />
      </Radix.ItemIndicator>
    </Radix.RadioItem>
  );
}

/** A label for a group of entries. */
export function MenuLabel({ children }: { readonly children: ReactNode }) {
  return <Radix.Label className="px-2.5 pt-1.5 pb-1 text-xs text-ink-soft">{children}</Radix.Label>;
}

/** A line between entries. */
export function MenuLine() {
  return <Radix.Separator className="mx-2 my-1.5 h-px bg-line" />;
}
