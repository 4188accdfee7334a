import { useId } from 'react';
import { useOnSight } from '../chats/use-on-sight.ts';
import { useTexts } from '../texts/use-texts.ts';
import { FoundOption } from './found-option.tsx';
import type { Found } from './use-found.ts';

interface FoundListProps {
  readonly id: string;
  readonly found: readonly Found[];
  /** The searched words; empty if the chats are the last used ones. */
  readonly searched: string;
  readonly active: Found | undefined;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
  readonly onPoint: (found: Found) => void;
  readonly onChoose: (found: Found) => void;
}

/** The options of the search: chats, then messages. */
export function FoundList({
  id,
  found,
  searched,
  active,
  isLoading,
  hasMore,
  loadMore,
  ...on
}: FoundListProps) {
  const { text } = useTexts();
  const end = useOnSight(hasMore, loadMore);
  const groups = [
    { name: text(searched === '' ? 'search.recent' : 'search.chats'), kind: 'chat' },
    { name: text('search.messages'), kind: 'message' },
  ] as const;
  return (
    <>
      <div id={id} role="listbox" aria-label={text('search.results')} aria-busy={isLoading}>
        {groups.map(({ name, kind }) => (
          <Group key={kind} name={name} isShown={found.some((one) => one.kind === kind)}>
            {found
              .filter((one) => one.kind === kind)
              .map((one) => (
                <FoundOption
                  key={one.id}
                  found={one}
                  search={searched}
                  isActive={one === active}
                  onPoint={() => on.onPoint(one)}
                  onChoose={() => on.onChoose(one)}
                />
              ))}
          </Group>
        ))}
      </div>
      <div ref={end} />
    </>
  );
}

interface GroupProps {
  readonly name: string;
  readonly isShown: boolean;
  readonly children: React.ReactNode;
}

function Group({ name, isShown, children }: GroupProps) {
  const id = useId();
  if (!isShown) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls, not for the options of a listbox.
    <div role="group" aria-labelledby={id}>
      <p id={id} className="px-3 pt-3 pb-1.5 text-xs font-medium text-ink-soft">
        {name}
      </p>
      {children}
    </div>
  );
}
