import { toParleyError } from '@parley/client';
import { trpc } from '@parley/client/react';
import { useCallback, useEffect, useRef } from 'react';
import { Composer, type ComposerHandle } from '../composer/composer.tsx';
import { ComposerDock } from '../composer/composer-dock.tsx';
import { useDraft } from '../composer/use-draft.ts';
import { useEmbed } from '../embed/embed-context.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { useFocusOnArrival } from '../layout/use-focus-on-arrival.ts';
import { usePageTitle } from '../layout/use-page-title.ts';
import { usePreloadedMarkdown } from '../markdown/use-preloaded-markdown.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useTexts } from '../texts/use-texts.ts';
import { Avatar } from '../ui/avatar.tsx';
import { AgentPicker } from './agent-picker.tsx';
import { Starters, Suggestions } from './suggestions.tsx';
import { useAgentChoice } from './use-agent-choice.ts';
import { useBeginChat } from './use-begin-chat.ts';

/** The page of a new chat. The chat is created with its first message. */
export function NewChatPage() {
  const { text } = useTexts();
  const agents = trpc.agent.list.useQuery({}, { staleTime: 60_000 });
  const embed = useEmbed();
  const choice = agents.data?.agents.filter(({ id }) => (embed?.agentId ?? id) === id) ?? [];
  const [agent, chooseAgent] = useAgentChoice(choice);
  const [draft, setDraft] = useDraft('new');
  const { begin, isBeginning, error } = useBeginChat(agent?.id, useClearSent(draft, setDraft));
  const composer = useRef<ComposerHandle>(null);

  usePageTitle(undefined);
  useFocusOnArrival(composer);
  usePreloadedMarkdown(draft !== '');

  const problem = error ?? (agents.error ? toParleyError(agents.error) : undefined);
  return (
    <>
      <PageHeader />
      <div className="flex min-h-0 grow flex-col overflow-y-auto md:justify-center">
        <div className="column flex grow flex-col justify-center gap-6 py-6 md:grow-0 md:pb-8">
          {embed?.avatar && <Avatar address={embed.avatar} className="size-14 md:mx-auto" />}
          <h1
            dir="auto"
            tabIndex={-1}
            className="font-display text-3xl tracking-tight text-balance outline-none md:text-center md:text-4xl"
          >
            {embed?.greeting ?? text('new.heading')}
          </h1>
          {draft === '' && embed && embed.starters.length > 0 && (
            <Starters starters={embed.starters} onChoose={begin} />
          )}
          {draft === '' && !embed && (
            <Suggestions
              onChoose={(beginning) => {
                setDraft(beginning);
                composer.current?.focus();
              }}
            />
          )}
        </div>
        <ComposerDock>
          {problem && <ProblemNote problem={problem} isAlert />}
          {agents.data && choice.length === 0 && <NoAgents />}
          <Composer
            ref={composer}
            text={draft}
            onTextChange={setDraft}
            onSend={begin}
            placeholder={agent ? text('composer.ask', { agent: agent.name }) : text('composer.hint')}
            isBusy={isBeginning}
          >
            <AgentPicker agents={choice} chosen={agent} onChoose={chooseAgent} />
          </Composer>
        </ComposerDock>
        <div aria-hidden className="hidden grow-0 md:block md:h-[12dvh]" />
      </div>
    </>
  );
}

/** Clears the draft after sending, unless the user has typed something else in the meantime. */
function useClearSent(draft: string, setDraft: (text: string) => void): (sent: string) => void {
  const newest = useRef(draft);
  useEffect(() => {
    newest.current = draft;
  });
  return useCallback((sent) => newest.current === sent && setDraft(''), [setDraft]);
}

function NoAgents() {
  const { text } = useTexts();
  return <p className="px-4 text-sm text-ink-soft">{text('new.no-agents')}</p>;
}
