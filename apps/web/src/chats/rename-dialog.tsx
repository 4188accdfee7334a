import { type ParleyError, toParleyError } from '@parley/client';
import { useChat } from '@parley/client/react';
import type { Chat } from '@parley/contract';
import { type FormEvent, useState } from 'react';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { titleOf } from './title-of.ts';

const titleLengthMax = 200;

interface RenameDialogProps {
  readonly chat: Chat;
  readonly onClose: () => void;
}

/** A dialog to rename a chat. */
export function RenameDialog({ chat, onClose }: RenameDialogProps) {
  const { text } = useTexts();
  const { update, isUpdating } = useChat(chat.id);
  const [title, setTitle] = useState(titleOf(chat, text));
  const [problem, setProblem] = useState<ParleyError>();
  const trimmed = title.trim();
  const isTooLong = [...trimmed].length > titleLengthMax;

  const rename = async (event: FormEvent) => {
    event.preventDefault();
    if (trimmed === '' || isTooLong || isUpdating) return;
    if (trimmed === chat.title) return onClose();
    try {
      await update({ title: trimmed });
      onClose();
    } catch (error) {
      setProblem(toParleyError(error));
    }
  };

  return (
    <Dialog title={text('chat.rename-title')} isOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <form onSubmit={(event) => void rename(event)} className="mt-4 flex flex-col gap-4">
        <input
          aria-label={text('chat.name')}
          dir="auto"
          aria-invalid={isTooLong}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          onFocus={(event) => event.target.select()}
          className="min-h-11 w-full rounded-xl border border-line-strong bg-canvas px-3.5"
        />
        {isTooLong && (
          <p role="alert" className="text-sm text-danger">
            {text('chat.name-too-long', { max: titleLengthMax })}
          </p>
        )}
        {problem && <ProblemNote problem={problem} />}
        <div className="flex justify-end gap-2">
          <Button look="outline" onClick={onClose}>
            {text('chat.cancel')}
          </Button>
          <Button look="primary" type="submit" disabled={trimmed === '' || isTooLong || isUpdating}>
            {text('chat.rename')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
