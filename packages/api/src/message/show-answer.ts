import {
  type AnswerEvent,
  type AnswerPartEvent,
  type ChatEvent,
  compact,
  type JsonValue,
  type MessagePart,
  type SourcePart,
  type TapePart,
  type Tool,
  type ToolCallPart,
  type ToolResultPart,
  type ToolShow,
  toolShows,
  type WholePart,
} from '@parley/contract';
import type { AgentRecord, ChatAccess, Stores } from '@parley/db';
import type { EngineAnswerEvent, EngineChatEvent } from '@parley/turns';

/*
 * The one place between the engine, whose events and messages have all parts of an answer, and everything that leaves the
 * server: it decides which parts callers see. Each part has the setting of its agent at the time of the answer; the stricter of
 * it and the present one applies.
 */

type ToolPart = ToolCallPart | ToolResultPart;
type ReasoningEvent = Extract<EngineAnswerEvent, { isShown: boolean }>;

/** The present settings of an agent that decide which parts are shown. */
export interface ShowSettings extends Pick<AgentRecord, 'reasoning'> {
  readonly tools?: readonly Pick<Tool, 'name' | 'show'>[];
}

/** Reads the present settings of a chat's agent. A deleted agent has the defaults. */
export async function readShowSettings(
  { agents }: Pick<Stores, 'agents'>,
  { chat }: ChatAccess,
): Promise<ShowSettings> {
  return (await agents.find({ team: chat.team }, chat.agent)) ?? {};
}

/** Reads the settings that a message with this tape needs: none if it has text alone. */
export type ReadSettings = (tape: string | undefined) => Promise<ShowSettings | undefined>;

/** Returns the reader of settings for the messages of a chat. */
export function settingsReader(stores: Pick<Stores, 'agents'>, chat: ChatAccess): ReadSettings {
  return async (tape) => (tape === undefined ? undefined : readShowSettings(stores, chat));
}

/** A part of an answer without what callers do not see of it; undefined if they see nothing of it. */
export function visiblePart(part: TapePart, settings: ShowSettings): TapePart | undefined {
  if (part.type === 'text' || part.type === 'source') return part;
  if (part.type === 'reasoning') return part.isShown && settings.reasoning === 'show' ? part : undefined;
  const show = showOf(part, settings);
  if (show !== 'activity') return show === 'everything' ? part : undefined;
  if (part.type === 'tool-call') return { ...part, arguments: '{}' };
  return { ...part, result: part.isError ? 'The tool gave no result.' : '{}' };
}

/** The parts of an answer as callers see them; undefined if they see text alone. */
export function showParts(parts: readonly TapePart[], settings: ShowSettings): MessagePart[] | undefined {
  const shown: MessagePart[] = [];
  const calls = new Map<string, number>();
  for (const each of parts) {
    const part = visiblePart(each, settings);
    const last = shown.at(-1);
    if (part?.type === 'text') {
      // Hidden parts between two texts leave one text.
      if (last?.type === 'text') shown[shown.length - 1] = { type: 'text', text: last.text + part.text };
      else shown.push({ type: 'text', text: part.text });
    } else if (part?.type === 'reasoning') shown.push({ type: 'reasoning', text: part.text });
    else if (part?.type === 'source') shown.push(toSource(part));
    else if (part?.type === 'tool-call') calls.set(part.id, shown.push(toCall(part)) - 1);
    else if (part) {
      const index = calls.get(part.id);
      const call = index === undefined ? undefined : shown[index];
      if (index !== undefined && call?.type === 'dynamic-tool') shown[index] = withResult(call, part);
    }
  }
  return shown.some(({ type }) => type !== 'text') ? shown : undefined;
}

/**
 * The event of an answer as callers see it; undefined if they see nothing of it. Most events are text, for which no settings
 * are read and no promise is made.
 */
export function showAnswerEvent(
  event: EngineAnswerEvent,
  readSettings: () => Promise<ShowSettings>,
): AnswerEvent | undefined | Promise<AnswerEvent | undefined> {
  switch (event.type) {
    case 'snapshot': {
      const { type, text, parts } = event;
      if (!parts) return { type, text };
      return readSettings().then((settings) => compact({ type, text, parts: showParts(parts, settings) }));
    }
    case 'reasoning-start':
    case 'reasoning-delta':
    case 'reasoning-end':
    case 'tool-call':
    case 'tool-result':
    case 'source':
      return showPart(event, readSettings);
    default:
      return event;
  }
}

/** The event of a part that is no text, as callers see it; undefined if they see nothing of it. */
async function showPart(
  event: ReasoningEvent | WholePart,
  readSettings: () => Promise<ShowSettings>,
): Promise<AnswerPartEvent | undefined> {
  if (event.type === 'source') return toSource(event);
  if (!('isShown' in event)) return toToolEvent(event, await readSettings());
  if (!event.isShown) return undefined;
  const { reasoning } = await readSettings();
  return reasoning === 'show' ? toReasoning(event) : undefined;
}

/** The event of a chat as callers see it; undefined if they see nothing of it. Without `withParts` it is text alone. */
export async function showChatEvent(
  event: Exclude<EngineChatEvent, { type: 'message-accepted' | 'chat-snapshot' }>,
  withParts: boolean,
  readSettings: () => Promise<ShowSettings>,
): Promise<ShownChatEvent | undefined> {
  const { type } = event;
  if (type === 'answer-part') {
    const shown = withParts ? await showPart(event.event, readSettings) : undefined;
    return shown && { type, messageId: event.messageId, event: shown };
  }
  if (type !== 'answer-snapshot') return event;
  const { messageId, text, parts } = event;
  if (!withParts || !parts) return { type, messageId, text };
  return compact({ type, messageId, text, parts: showParts(parts, await readSettings()) });
}

type ShownChatEvent = Exclude<ChatEvent, { type: 'message-accepted' | 'chat-snapshot' }>;

/** A tool that the agent does not have any more shows its activity. */
function showOf({ name, show }: ToolPart, { tools = [] }: ShowSettings): ToolShow {
  const { show: present = 'activity' } = tools.find((tool) => tool.name === name) ?? {};
  return toolShows.find((one) => one === show || one === present) ?? 'nothing';
}

function toSource({ type: _, id: sourceId, ...source }: SourcePart) {
  return { type: 'source-url', sourceId, ...source } as const;
}

function toCall(part: ToolCallPart): Extract<MessagePart, { type: 'dynamic-tool' }> {
  const { id: toolCallId, name: toolName, title } = part;
  return {
    ...{ type: 'dynamic-tool', toolName, toolCallId, state: 'input-available' },
    ...(title !== undefined && { title }),
    input: parsed(part.arguments),
  };
}

function withResult(call: Extract<MessagePart, { type: 'dynamic-tool' }>, part: ToolResultPart): MessagePart {
  const { type, toolName, toolCallId, title, input } = call;
  return {
    ...{ type, toolName, toolCallId, input },
    ...(title !== undefined && { title }),
    ...toResult(part),
  };
}

function toResult({ result, ms, isError }: ToolResultPart) {
  const metadata = ms === undefined ? {} : { toolMetadata: { durationMs: ms } };
  if (isError) return { state: 'output-error', errorText: result, ...metadata } as const;
  return { state: 'output-available', output: parsed(result), ...metadata } as const;
}

function toReasoning(event: ReasoningEvent): AnswerPartEvent {
  const { part = 0 } = event;
  if (event.type === 'reasoning-delta') return { type: event.type, part, text: event.text };
  return { type: event.type, part };
}

function toToolEvent(event: ToolPart, settings: ShowSettings): AnswerPartEvent | undefined {
  const part = visiblePart(event, settings);
  if (part?.type === 'tool-call') {
    const { toolCallId, toolName, title, input } = toCall(part);
    return {
      ...{ type: 'tool-input-available', toolCallId, toolName, input },
      ...(title !== undefined && { title }),
    };
  }
  if (part?.type !== 'tool-result') return undefined;
  const { state, ...result } = toResult(part);
  const { id: toolCallId } = part;
  if ('errorText' in result) return { type: 'tool-output-error', toolCallId, ...result };
  return { type: 'tool-output-available', toolCallId, ...result };
}

/** JSON as its value, and any other text as it is. */
function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
