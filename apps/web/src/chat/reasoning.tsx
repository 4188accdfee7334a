import { Lightbulb } from 'lucide-react';
import { useTexts } from '../texts/use-texts.ts';
import { Fold } from './fold.tsx';

/** The model's reasoning as plain text, which opens on demand. */
export function Reasoning({
  text: thoughts,
  isGrowing,
}: {
  readonly text: string;
  readonly isGrowing: boolean;
}) {
  const { text } = useTexts();
  return (
    <Fold
      row={
        <>
          <Lightbulb aria-hidden className="size-4 shrink-0" />
          {text(isGrowing ? 'answer.thinking' : 'part.reasoning')}
        </>
      }
    >
      <p dir="auto" className="whitespace-pre-wrap wrap-anywhere">
        {thoughts}
      </p>
    </Fold>
  );
}
