import { useDeleteChat, useParley } from '@parley/client/react';
import { useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { useLocation } from 'wouter';
import { writeDraft } from '../composer/use-draft.ts';
import { problemTextOf } from '../problems/problem-text.ts';
import { currentTexts } from '../texts/texts.ts';
import { leftChats } from './left-chats.ts';

/** Shows a toast with an undo button for each deleted chat, as long as the delete can be undone. */
export function DeleteToasts() {
  const { pending, errors, undo } = useDeleteChat();
  const { deletes } = useParley();
  const [, navigate] = useLocation();
  const shown = useRef<ReadonlySet<string>>(new Set());
  const shownErrors = useRef<typeof errors>(new Map());

  useEffect(() => {
    const now = new Set(pending);
    for (const chatId of now) {
      if (shown.current.has(chatId)) continue;
      const bringBack = () => {
        if (undo(chatId) && leftChats.delete(chatId)) navigate(`/c/${chatId}`);
      };
      const { text } = currentTexts();
      toast(text('chat.was-deleted'), {
        id: chatId,
        duration: Number.POSITIVE_INFINITY,
        action: { label: text('chat.undo'), onClick: bringBack },
      });
    }
    for (const chatId of shown.current) {
      if (now.has(chatId)) continue;
      toast.dismiss(chatId);
      leftChats.delete(chatId);
      if (deletes.isHidden(chatId)) writeDraft(chatId, '');
    }
    shown.current = now;
  }, [pending, undo, deletes, navigate]);

  useEffect(() => {
    for (const [chatId, error] of errors) {
      if (shownErrors.current.get(chatId) === error) continue;
      const texts = currentTexts();
      toast.error(texts.text('chat.delete-failed'), { description: problemTextOf(error, texts).title });
    }
    shownErrors.current = errors;
  }, [errors]);
  return null;
}
