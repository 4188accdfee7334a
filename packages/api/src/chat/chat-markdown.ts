import type { ChatWithMessages, Feedback, Message, MessagePart } from '@parley/contract';

const ROLES = { user: 'User', assistant: 'Assistant' } as const;

/**
 * Yields a chat as Markdown, a piece for each message. Every line of a message is quoted, so that no text can end its own
 * message, or look like the heading of another one. Titles, names and comments are escaped.
 */
export function* chatMarkdown(chat: ChatWithMessages): Generator<string> {
  const { id, title, agentId, userId, metadata, createdAt, messages } = chat;
  yield `# ${title === undefined ? 'Chat' : escaped(title)}\n\n`;
  yield `- Chat: ${id}\n- Agent: ${agentId}\n`;
  if (userId !== undefined) yield `- User: ${escaped(userId)}\n`;
  yield `- Created: ${createdAt}\n`;
  // In this form each line begins with a space, a brace or a quotation mark, so no line can end the block.
  if (metadata !== undefined) yield `\n\`\`\`json\n${JSON.stringify(metadata, null, 2)}\n\`\`\`\n`;
  for (const message of messages) yield messageMarkdown(message);
}

function messageMarkdown({ role, content, parts, status, errorCode, feedback, createdAt }: Message): string {
  // A completed answer and an answered message need no remark.
  const remark = status === undefined || status === 'completed' ? '' : ` (${errorCode ?? status})`;
  const files = (parts ?? []).flatMap((part) => (part.type === 'file' ? [fileMarkdown(part)] : []));
  const end = feedback ? `\n${feedbackMarkdown(feedback)}\n` : '';
  return `\n## ${ROLES[role]}, ${createdAt}${escaped(remark)}\n\n${quoted(content)}\n${files.join('')}${end}`;
}

/** Names a file. Its address begins with that of the server, which a text cannot change. */
function fileMarkdown({ filename, mediaType, url }: Extract<MessagePart, { type: 'file' }>): string {
  return `\nFile: ${escaped(filename)} (${escaped(mediaType)}), ${url}\n`;
}

function feedbackMarkdown({ rating, comment }: Feedback): string {
  return `Feedback: ${rating}${comment === undefined ? '' : `, ${escaped(comment)}`}`;
}

/** Markdown ends a line at each of these. */
const LINE_ENDS = /\r\n|\n|\r/;

function quoted(text: string): string {
  return text
    .split(LINE_ENDS)
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n');
}

/** One line of text that Markdown and HTML show as it is. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]{}<>#|~&!$]/g, '\\$&');
}
