import { CircleAlert } from 'lucide-react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';

interface RefusedProps {
  readonly title: string | undefined;
  readonly onClose: () => void;
}

/** Shown instead of a chat whose key does not work on the embedding page. */
export function Refused({ title, onClose }: RefusedProps) {
  const { text } = useTexts();
  return (
    <main
      aria-label={title ?? text('embed.title')}
      className="flex h-full flex-col items-center justify-center gap-4 p-8 text-center"
    >
      <CircleAlert aria-hidden className="size-8 text-ink-soft" strokeWidth={1.5} />
      <h1 className="max-w-sm">{text('embed.refused')}</h1>
      <Button look="outline" onClick={onClose}>
        {text('page.close')}
      </Button>
    </main>
  );
}
