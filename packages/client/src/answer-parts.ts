import type { AnswerPartEvent, MessagePart } from '@parley/contract';

/*
 * The parts of an answer while it is written. They are absent as long as the answer has text alone, as in lists. Text before
 * and after a hidden part is one text.
 */

/** The text and the parts of an answer so far. */
export interface PartsSoFar {
  readonly content: string;
  readonly parts?: readonly MessagePart[];
}

/** Adds text to an answer. */
export function withText({ content, parts }: PartsSoFar, text: string): PartsSoFar {
  if (!parts || text === '') return { content: content + text, ...(parts && { parts }) };
  const last = parts.at(-1);
  const added = { type: 'text' as const, text: last?.type === 'text' ? last.text + text : text };
  return {
    content: content + text,
    parts: last?.type === 'text' ? parts.with(-1, added) : [...parts, added],
  };
}

/** Adds a step of reasoning, a tool call, the result of one or a source to an answer. Events of newer servers are ignored. */
export function withPart(answer: PartsSoFar, event: AnswerPartEvent): PartsSoFar {
  const { content } = answer;
  const parts = answer.parts ?? (content === '' ? [] : [{ type: 'text' as const, text: content }]);
  switch (event.type) {
    case 'reasoning-start':
      return { content, parts: [...parts, { type: 'reasoning', text: '' }] };
    case 'reasoning-delta': {
      const last = parts.at(-1);
      if (last?.type !== 'reasoning')
        return { content, parts: [...parts, { type: 'reasoning', text: event.text }] };
      return { content, parts: parts.with(-1, { type: 'reasoning', text: last.text + event.text }) };
    }
    case 'tool-input-available': {
      const { type: _, ...call } = event;
      return { content, parts: [...parts, { type: 'dynamic-tool', state: 'input-available', ...call }] };
    }
    case 'tool-output-available':
    case 'tool-output-error':
      return { content, parts: parts.map((part) => withResult(part, event)) };
    case 'source-url':
      return { content, parts: [...parts, event] };
    default:
      return answer;
  }
}

/** The parts of an ended answer, as lists have them: undefined if it has text alone. */
export function endedParts({ content, parts = [] }: PartsSoFar): readonly MessagePart[] | undefined {
  const shown = parts.filter((part) => part.type !== 'reasoning' || part.text !== '');
  return content !== '' && shown.some(({ type }) => type !== 'text') ? shown : undefined;
}

type ResultEvent = Extract<AnswerPartEvent, { type: 'tool-output-available' | 'tool-output-error' }>;

function withResult(part: MessagePart, event: ResultEvent): MessagePart {
  if (part.type !== 'dynamic-tool' || part.toolCallId !== event.toolCallId) return part;
  const { type, toolName, toolCallId, title, input } = part;
  const call = { type, toolName, toolCallId, ...(title !== undefined && { title }), input };
  const metadata = event.toolMetadata && { toolMetadata: event.toolMetadata };
  return event.type === 'tool-output-error'
    ? { ...call, state: 'output-error', errorText: event.errorText, ...metadata }
    : { ...call, state: 'output-available', output: event.output, ...metadata };
}
