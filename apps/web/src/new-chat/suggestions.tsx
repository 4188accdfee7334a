import { useTexts } from '../texts/use-texts.ts';

const suggestions = ['explain', 'draft', 'plan', 'mistake'] as const;

interface ChoiceProps {
  readonly onChoose: (text: string) => void;
}

/** Suggested beginnings of messages. Choosing one puts it into the message box without sending it. */
export function Suggestions({ onChoose }: ChoiceProps) {
  const { text } = useTexts();
  const choices = suggestions.map((name) => [text(`new.${name}`), text(`new.${name}-text`)] as const);
  return <Choices choices={choices} onChoose={onChoose} />;
}

/** The questions that an embedding page suggests. Choosing one sends it. */
export function Starters({ starters, onChoose }: ChoiceProps & { readonly starters: readonly string[] }) {
  return <Choices choices={starters.map((starter) => [starter, starter])} onChoose={onChoose} />;
}

type Choice = readonly [name: string, text: string];

function Choices({ choices, onChoose }: ChoiceProps & { readonly choices: readonly Choice[] }) {
  const { text } = useTexts();
  return (
    <ul aria-label={text('new.suggestions')} className="flex flex-wrap gap-2 md:justify-center">
      {choices.map(([name, chosen]) => (
        <li key={name}>
          <button
            type="button"
            dir="auto"
            className="target rounded-full border border-line bg-surface px-4 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink"
            onClick={() => onChoose(chosen)}
          >
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}
