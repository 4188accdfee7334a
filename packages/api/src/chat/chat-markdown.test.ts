import { type ChatWithMessages, type Message, mintId } from '@parley/contract';
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { expect, test } from 'vitest';
import { chatMarkdown } from './chat-markdown.ts';

const createdAt = '2026-11-23T18:02:11.042Z';
const chat: ChatWithMessages = {
  ...{ id: mintId('chat'), agentId: mintId('agent'), teamId: mintId('team'), createdAt },
  updatedAt: createdAt,
  messages: [],
};
const messageOf = (role: Message['role'], content: string, more: Partial<Message> = {}): Message => ({
  ...{ id: mintId('message'), role, content, createdAt },
  ...more,
});
const textOf = (of: ChatWithMessages) => [...chatMarkdown(of)].join('');

test('the Markdown of a chat has its fields, roles, times, outcomes and feedback', () => {
  const messages = [
    messageOf('user', 'Hi\nthere'),
    messageOf('assistant', 'Hello.', {
      status: 'completed',
      feedback: { rating: 'down', comment: 'Too *short*' },
    }),
    messageOf('user', 'More', { status: 'failed', errorCode: 'model_failed' }),
    messageOf('assistant', '', { status: 'stopped' }),
  ];
  const fields = { title: 'A [title]', userId: 'user_42', metadata: { plan: 'pro' } };
  expect(textOf({ ...chat, ...fields, messages })).toBe(`# A \\[title\\]

- Chat: ${chat.id}
- Agent: ${chat.agentId}
- User: user\\_42
- Created: ${createdAt}

\`\`\`json
{
  "plan": "pro"
}
\`\`\`

## User, ${createdAt}

> Hi
> there

## Assistant, ${createdAt}

> Hello.

Feedback: down, Too \\*short\\*

## User, ${createdAt} (model\\_failed)

> More

## Assistant, ${createdAt} (stopped)

>
`);
});

/** Texts that Markdown gives a meaning, in any order. */
const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['\n', '\r', '\r\n', '```', '~~~', '## User, 2026', '# x', '> ', '- ', '1. ', '    '],
      ),
      fc.constantFrom(
        ...['<!--', '-->', '<div>', '<script>', '---', '===', '\t', '\\', '`', '*', '_', '[x]: y'],
      ),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('no text of a chat can look like another message, end its own, or hide one', () => {
  const messages = fc.array(
    fc.record({
      role: fc.constantFrom('user' as const, 'assistant' as const),
      content: tricky,
      comment: fc.option(tricky, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const metadata = fc.option(fc.dictionary(tricky, tricky), { nil: undefined });
  fc.assert(
    fc.property(tricky, tricky, metadata, messages, (title, userId, given, sent) => {
      const text = textOf({
        ...{ ...chat, title: `T${title}`, userId: `U${userId}` },
        ...(given && { metadata: given }),
        messages: sent.map(({ role, content, comment }) =>
          messageOf(role, content, comment === undefined ? {} : { feedback: { rating: 'up', comment } }),
        ),
      });
      const blocks = fromMarkdown(text).children.map((node) =>
        node.type === 'heading' ? `heading ${node.depth}` : node.type,
      );
      expect(blocks).toEqual([
        ...['heading 1', 'list', ...(given ? ['code'] : [])],
        ...sent.flatMap(({ comment }) => [
          ...['heading 2', 'blockquote'],
          ...(comment === undefined ? [] : ['paragraph']),
        ]),
      ]);
    }),
    { numRuns: 300 },
  );
});
