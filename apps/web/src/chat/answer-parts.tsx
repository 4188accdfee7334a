import type { AnswerEntry } from '@parley/client';
import type { MessagePart } from '@parley/contract';
import { memo } from 'react';
import { Markdown } from '../markdown/markdown.tsx';
import { Reasoning } from './reasoning.tsx';
import { type SourcePart, Sources } from './sources.tsx';
import { ToolRow } from './tool-row.tsx';

interface AnswerPartsProps {
  readonly entry: Pick<AnswerEntry, 'content' | 'parts'>;
  readonly isRunning: boolean;
}

/** The parts of an answer in order: its text, its reasoning, its tool calls and its sources. */
export function AnswerParts({ entry: { content, parts }, isRunning }: AnswerPartsProps) {
  if (!parts) return content !== '' && <Markdown text={content} isGrowing={isRunning} />;
  return parts.map((part, index) => {
    if (part.type === 'source-url') {
      const isFirst = parts[index - 1]?.type !== part.type;
      return isFirst && <Sources key={part.sourceId} sources={sourcesFrom(parts, index)} />;
    }
    return (
      <AnswerPart
        // biome-ignore lint/suspicious/noArrayIndexKey: parts are only added at the end.
        key={index}
        part={part}
        isGrowing={isRunning && index === parts.length - 1}
        isRunning={isRunning}
      />
    );
  });
}

/** The sources that follow each other from this part on. */
function sourcesFrom(parts: readonly MessagePart[], start: number): SourcePart[] {
  const sources: SourcePart[] = [];
  for (const part of parts.slice(start)) {
    if (part.type !== 'source-url') break;
    sources.push(part);
  }
  return sources;
}

/** One part. Unchanged parts are the same objects, so `memo` skips them. */
const AnswerPart = memo(function AnswerPart({
  part,
  isGrowing,
  isRunning,
}: {
  readonly part: MessagePart;
  readonly isGrowing: boolean;
  readonly isRunning: boolean;
}) {
  switch (part.type) {
    case 'text':
      return part.text !== '' && <Markdown text={part.text} isGrowing={isGrowing} />;
    case 'reasoning':
      return <Reasoning text={part.text} isGrowing={isGrowing} />;
    case 'dynamic-tool':
      return <ToolRow part={part} isRunning={isRunning} />;
    default:
      // A part of a newer server, which this page does not know.
      return null;
  }
});
