const suggestions: readonly (readonly [name: string, text: string])[] = [
  ['Explain an idea', 'Explain, step by step and with an example, '],
  ['Draft a message', 'Draft a friendly, short message that says '],
  ['Make a plan', 'Make a plan for '],
  ['Find the mistake', 'Find the mistake in this and explain it:\n\n'],
];

/** Suggested beginnings of messages. Choosing one puts it into the message box without sending it. */
export function Suggestions({ onChoose }: { readonly onChoose: (text: string) => void }) {
  return (
    <ul aria-label="Suggestions" className="flex flex-wrap gap-2 md:justify-center">
      {suggestions.map(([name, text]) => (
        <li key={name}>
          <button
            type="button"
            className="target rounded-full border border-line bg-surface px-4 text-sm text-ink-soft transition-colors hover:bg-hover hover:text-ink"
            onClick={() => onChoose(text)}
          >
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}
