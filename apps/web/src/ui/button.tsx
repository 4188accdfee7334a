import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';

const buttonClass = cva(
  'target inline-flex shrink-0 select-none items-center justify-center gap-2 text-sm font-medium transition-colors disabled:pointer-events-none [&_svg]:size-[1.15em] [&_svg]:shrink-0',
  {
    variants: {
      look: {
        primary: 'bg-accent text-on-accent hover:bg-accent-hover disabled:bg-hover disabled:text-ink-soft',
        outline: 'border border-line bg-surface text-ink hover:bg-hover',
        quiet: 'text-ink-soft hover:bg-hover hover:text-ink data-[state=open]:bg-hover',
        danger: 'text-danger hover:bg-danger-wash',
      },
      shape: {
        text: 'rounded-xl px-3.5',
        pill: 'rounded-full px-4',
        icon: 'rounded-xl p-0 text-base',
        round: 'rounded-full p-0 text-base',
      },
    },
    defaultVariants: { look: 'quiet', shape: 'text' },
  },
);

/** The properties of `Button`. */
export type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonClass>;

/** A button in the styles of this app. Its type is `button` by default. */
export function Button({ look, shape, className, type = 'button', ...props }: ButtonProps) {
  return <button type={type} className={buttonClass({ look, shape, className })} {...props} />;
}
