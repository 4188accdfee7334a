import { clsx } from 'clsx';
import { CircleAlert, Clock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTexts } from '../texts/use-texts.ts';
import { type Problem, problemTextOf } from './problem-text.ts';

interface ProblemNoteProps {
  readonly problem: Problem;
  /** The action is retried automatically, so the note is shown calmly. */
  readonly isWaiting?: boolean;
  /** The problem results from a user action, so screen readers announce it at once. */
  readonly isAlert?: boolean;
  /** Buttons to solve the problem. */
  readonly children?: ReactNode;
  readonly className?: string;
}

/** Explains a problem next to the place where it occurred. */
export function ProblemNote({
  problem,
  isWaiting = false,
  isAlert = false,
  children,
  className,
}: ProblemNoteProps) {
  const { title, advice } = problemTextOf(problem, useTexts());
  const Icon = isWaiting ? Clock : CircleAlert;
  return (
    <div
      role={isAlert ? 'alert' : undefined}
      className={clsx(
        'flex gap-3 rounded-2xl px-4 py-3 text-sm',
        isWaiting ? 'bg-notice-wash' : 'bg-danger-wash',
        className,
      )}
    >
      <Icon
        aria-hidden
        className={clsx('mt-0.5 size-4 shrink-0', isWaiting ? 'text-ink-soft' : 'text-danger')}
      />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        <p className="text-ink-soft wrap-anywhere">{advice}</p>
        {children && <div className="-ms-2 mt-1.5 flex flex-wrap gap-1">{children}</div>}
      </div>
    </div>
  );
}
