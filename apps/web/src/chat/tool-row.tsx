import type { JsonValue, MessagePart } from '@parley/contract';
import { CircleAlert, CircleCheck, CircleSlash } from 'lucide-react';
import type { Text } from '../texts/translation.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Spinner } from '../ui/spinner.tsx';
import { Fold, workRowClass } from './fold.tsx';

type ToolPart = Extract<MessagePart, { type: 'dynamic-tool' }>;

interface ToolRowProps {
  readonly part: ToolPart;
  /** Whether the answer is still being written. */
  readonly isRunning: boolean;
}

const valueClass =
  'max-h-72 overflow-y-auto rounded-xl bg-code p-3 text-xs whitespace-pre-wrap text-ink wrap-anywhere -outline-offset-2';

/** A tool call with its title, its state and its duration. It opens to its input and output if the agent shows them. */
export function ToolRow({ part, isRunning }: ToolRowProps) {
  const { text } = useTexts();
  const values = valuesOf(part);
  const row = (
    <>
      <StateIcon state={part.state} isRunning={isRunning} />
      <span className="min-w-0 wrap-anywhere">
        <span dir="auto" className="text-ink">
          {part.title ?? part.toolName}
        </span>
        <span className="ms-2">{stateText(part, isRunning, text)}</span>
      </span>
    </>
  );
  if (values.length === 0) return <p className={`${workRowClass} px-3`}>{row}</p>;
  return (
    <Fold row={row}>
      {values.map(({ name, value }) => (
        <div key={name}>
          <p className="pb-1 text-xs">{text(name)}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
          <pre dir="auto" tabIndex={0} className={valueClass}>
            {value}
          </pre>
        </div>
      ))}
    </Fold>
  );
}

function StateIcon({ state, isRunning }: { readonly state: ToolPart['state']; readonly isRunning: boolean }) {
  const className = 'size-4 shrink-0';
  if (state === 'output-available') return <CircleCheck aria-hidden className={className} />;
  if (state === 'output-error') return <CircleAlert aria-hidden className={`${className} text-danger`} />;
  return isRunning ? <Spinner className={className} /> : <CircleSlash aria-hidden className={className} />;
}

function stateText({ state, toolMetadata }: ToolPart, isRunning: boolean, text: Text): string {
  if (state === 'input-available') return text(isRunning ? 'part.running' : 'part.stopped');
  const milliseconds = toolMetadata?.durationMs;
  const seconds = Math.max(Math.round((milliseconds ?? 0) / 100) / 10, 0.1);
  if (state === 'output-error')
    return milliseconds === undefined ? text('part.failed') : text('part.failed-after', { seconds });
  return milliseconds === undefined ? text('part.done') : text('part.done-after', { seconds });
}

/** The values that the agent shows. A tool that shows its activity alone has empty ones. */
function valuesOf(part: ToolPart) {
  const values: { name: 'part.input' | 'part.output' | 'part.error'; value: string }[] = [];
  if (!isEmpty(part.input)) values.push({ name: 'part.input', value: written(part.input) });
  if (part.state === 'output-available' && !isEmpty(part.output))
    values.push({ name: 'part.output', value: written(part.output) });
  // A hidden error has a fixed sentence, which says no more than the state.
  if (part.state === 'output-error' && values.length > 0)
    values.push({ name: 'part.error', value: part.errorText });
  return values;
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function written(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
