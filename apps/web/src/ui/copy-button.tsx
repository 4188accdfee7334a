import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { announce } from '../lib/announce.ts';
import { copyText } from '../lib/copy-text.ts';
import { currentTexts } from '../texts/texts.ts';
import { IconButton } from './icon-button.tsx';

interface CopyButtonProps {
  readonly label: string;
  readonly textOf: () => string;
  readonly className?: string;
}

/** A button that copies a text and shows a check mark afterwards. */
export function CopyButton({ label, textOf, className }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);

  const copy = async () => {
    const isDone = await copyText(textOf());
    setIsCopied(isDone);
    announce(currentTexts().text(isDone ? 'copy.done' : 'copy.failed'));
  };
  return (
    <IconButton
      label={label}
      icon={isCopied ? Check : Copy}
      onClick={() => void copy()}
      className={className}
    />
  );
}
