import type { AnswerEntry } from '@parley/client';
import { MessageSquareText, ThumbsDown, ThumbsUp } from 'lucide-react';
import { useState } from 'react';
import { announce } from '../lib/announce.ts';
import { useTexts } from '../texts/use-texts.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { useChatActions } from './chat-actions.ts';
import { CommentDialog } from './comment-dialog.tsx';

const pressedClass = 'aria-pressed:text-ink aria-pressed:[&_svg]:fill-current';

/** Thumbs up and down for an answer, and its comment once it is rated. A second press takes a rating back. */
export function RateButtons({ entry: { messageId, feedback } }: { readonly entry: AnswerEntry }) {
  const { text } = useTexts();
  const { rate } = useChatActions();
  const [isCommenting, setIsCommenting] = useState(false);
  const press = (rating: 'up' | 'down') => {
    const isTakenBack = feedback?.rating === rating;
    rate(messageId, isTakenBack ? undefined : { rating });
    announce(text(isTakenBack ? 'rate.taken-back' : 'rate.saved'));
  };
  return (
    <>
      <IconButton
        icon={ThumbsUp}
        label={text('rate.up')}
        aria-pressed={feedback?.rating === 'up'}
        className={pressedClass}
        onClick={() => press('up')}
      />
      <IconButton
        icon={ThumbsDown}
        label={text('rate.down')}
        aria-pressed={feedback?.rating === 'down'}
        className={pressedClass}
        onClick={() => press('down')}
      />
      {feedback && (
        <IconButton
          icon={MessageSquareText}
          label={text(feedback.comment === undefined ? 'rate.add-comment' : 'rate.edit-comment')}
          onClick={() => setIsCommenting(true)}
        />
      )}
      {isCommenting && feedback && (
        <CommentDialog
          comment={feedback.comment ?? ''}
          onSave={(comment) =>
            rate(messageId, { rating: feedback.rating, ...(comment !== '' && { comment }) })
          }
          onClose={() => setIsCommenting(false)}
        />
      )}
    </>
  );
}
