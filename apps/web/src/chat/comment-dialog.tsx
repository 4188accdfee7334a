import { type FormEvent, useState } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

const commentLengthMax = 2_000;

interface CommentDialogProps {
  readonly comment: string;
  /** Gets the trimmed comment; empty removes it. */
  readonly onSave: (comment: string) => void;
  readonly onClose: () => void;
}

/** A dialog for the comment on a rated answer. */
export function CommentDialog({ comment: saved, onSave, onClose }: CommentDialogProps) {
  const { text } = useTexts();
  const [comment, setComment] = useState(saved);
  const trimmed = comment.trim();
  const isTooLong = [...trimmed].length > commentLengthMax;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (isTooLong) return;
    onSave(trimmed);
    onClose();
  };
  return (
    <Dialog
      title={text('rate.comment-title')}
      about={text('rate.comment-about')}
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
    >
      <form onSubmit={save} className="mt-4 flex flex-col gap-4">
        <textarea
          aria-label={text('rate.comment')}
          dir="auto"
          rows={4}
          aria-invalid={isTooLong}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
          className="w-full rounded-xl border border-line-strong bg-canvas px-3.5 py-2.5"
        />
        {isTooLong && (
          <p role="alert" className="text-sm text-danger">
            {text('rate.comment-too-long', { max: commentLengthMax })}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button look="outline" onClick={onClose}>
            {text('chat.cancel')}
          </Button>
          <Button look="primary" type="submit" disabled={isTooLong}>
            {text('rate.save-comment')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
