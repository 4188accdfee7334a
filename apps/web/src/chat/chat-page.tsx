import { useChat, useFeedback, useMessages, useSendMessage } from '@parley/client/react';
import { useCallback, useMemo, useRef } from 'react';
import { Composer, type ComposerHandle } from '../composer/composer.tsx';
import { ComposerDock } from '../composer/composer-dock.tsx';
import { useDraft } from '../composer/use-draft.ts';
import { useEmbed } from '../embed/embed-context.ts';
import { useFocusOnArrival } from '../layout/use-focus-on-arrival.ts';
import { usePageTitle } from '../layout/use-page-title.ts';
import { usePreloadedMarkdown } from '../markdown/use-preloaded-markdown.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { type ChatActions, ChatActionsContext } from './chat-actions.ts';
import { ChatHeader } from './chat-header.tsx';
import { ChatNotFound } from './chat-not-found.tsx';
import { StreamNote } from './stream-note.tsx';
import { Transcript } from './transcript.tsx';
import { TranscriptSkeleton } from './transcript-skeleton.tsx';
import { useAnswerAnnouncements } from './use-answer-announcements.ts';
import { useStopByEscape } from './use-stop-by-escape.ts';

/** The page of one chat. Pass the id as `key` too, so that another chat gets a new page. */
export function ChatPage({ chatId }: { readonly chatId: string }) {
  const { text } = useTexts();
  const one = useChat(chatId);
  const messages = useMessages(chatId);
  const sending = useSendMessage(chatId);
  const rating = useFeedback(chatId);
  const [draft, setDraft] = useDraft(chatId);
  const composer = useRef<ComposerHandle>(null);
  const { entries, running } = messages;

  usePageTitle(one.chat?.title);
  useFocusOnArrival(composer);
  usePreloadedMarkdown(true);
  useAnswerAnnouncements(entries, running);

  const { rate, takeBack } = rating;
  const { retry, resend, discard, send, stop, isStopping } = sending;
  const stopOnce = useCallback(() => void (isStopping || stop()), [isStopping, stop]);
  // In an embedded chat, Escape closes the chat, and the answer goes on.
  const isEmbedded = useEmbed() !== undefined;
  useStopByEscape(messages.isAnswering && !isEmbedded, stopOnce);
  const actions = useMemo<ChatActions>(
    () => ({
      retry: (answerId) => void retry(answerId),
      continueAnswer: () => {
        send(text('answer.continue-message'));
        composer.current?.focus();
      },
      rate: (answerId, feedback) => void (feedback ? rate(answerId, feedback) : takeBack(answerId)),
      resend,
      moveToDraft: (key) => {
        const content = discard(key);
        if (content === undefined) return;
        setDraft(draft.trim() === '' ? content : `${content}\n\n${draft}`);
        composer.current?.focus();
      },
    }),
    [retry, rate, takeBack, resend, discard, send, draft, setDraft, text],
  );

  if (messages.isDeleted) return <ChatNotFound isDeleted />;
  const lastError = messages.error ?? one.error;
  if (lastError?.code === 'chat_not_found' || lastError?.code === 'invalid_input') return <ChatNotFound />;

  return (
    <ChatActionsContext value={actions}>
      <ChatHeader one={one} />
      {messages.isLoading ? <TranscriptSkeleton /> : <Transcript {...messages} />}
      <ComposerDock>
        <StreamNote connection={messages.connection} error={messages.error} />
        {sending.error && <ProblemNote problem={sending.error} isAlert />}
        {rating.error && <ProblemNote problem={rating.error} isAlert />}
        <Composer
          ref={composer}
          text={draft}
          onTextChange={setDraft}
          placeholder={text('composer.hint')}
          isAnswering={messages.isAnswering}
          isStopping={isStopping}
          onStop={stopOnce}
          onSend={(message) => {
            send(message);
            setDraft('');
          }}
        />
      </ComposerDock>
    </ChatActionsContext>
  );
}
