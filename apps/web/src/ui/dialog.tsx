import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from './button.tsx';
import { focusDialogItself } from './focus-dialog-itself.ts';
import { useReturnedFocus } from './use-returned-focus.ts';

interface DialogProps {
  readonly title: string;
  /** A sentence below the title. */
  readonly about?: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  /** The dialog only shows information, so none of its controls gets the focus. */
  readonly isForReading?: boolean;
  readonly children: ReactNode;
}

/** A modal dialog with a title and a close button. It returns the focus to the control that had it before. */
export function Dialog({ isOpen, ...props }: DialogProps) {
  return isOpen && <OpenDialog {...props} />;
}

function OpenDialog({
  title,
  about,
  onOpenChange,
  isForReading = false,
  children,
}: Omit<DialogProps, 'isOpen'>) {
  const { text } = useTexts();
  const returnFocus = useReturnedFocus();
  return (
    <Radix.Root open onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim animate-fade" />
        <Radix.Content
          {...(!about && { 'aria-describedby': undefined })}
          {...(isForReading && { onOpenAutoFocus: focusDialogItself })}
          onCloseAutoFocus={returnFocus}
          className="fixed inset-x-4 top-[max(1rem,14dvh)] z-50 mx-auto max-h-[80dvh] max-w-md overflow-y-auto rounded-3xl border border-line bg-surface p-6 shadow-2xl shadow-black/15 outline-none animate-appear"
        >
          <Radix.Title className="pe-8 text-lg font-semibold">{title}</Radix.Title>
          {about && <Radix.Description className="mt-1 text-sm text-ink-soft">{about}</Radix.Description>}
          {children}
          <Radix.Close asChild>
            <Button shape="icon" aria-label={text('page.close')} className="absolute end-4 top-4">
              <X aria-hidden />
            </Button>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
