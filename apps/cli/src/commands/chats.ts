import type { Chat, ChatWithMessages } from '@parley/contract';
import type { Command } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { printTable } from '../print/table.ts';
import { timestamp } from '../print/timestamp.ts';
import { printTranscript } from '../print/transcript.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface ListOptions extends GlobalOptions {
  readonly user?: string;
  readonly agentType?: string;
  readonly search?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Adds `parley chats`. */
export function chatsCommand(program: Command, context: CommandContext): void {
  const chats = program.command('chats').description('list, show and delete chats');

  chats
    .command('list')
    .description('list chats, newest first')
    .option('--user <userId>', 'only chats of this user')
    .option('--agent-type <type>', 'only chats with agents of this type')
    .option('--search <words>', 'only chats whose title contains these words')
    .option('--limit <number>', 'the maximum number of chats', wholeNumber, 30)
    .option('--cursor <cursor>', 'the cursor of the previous list')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { user: userId, agentType, search, limit, cursor } = options;
      return withResult(
        context,
        options,
        ({ parley }) => parley.trpc.chat.list.query({ userId, agentType, search, limit, cursor }),
        ({ chats: rows, nextCursor }, terminal) => {
          printChats(terminal, rows);
          if (nextCursor !== undefined)
            terminal.say(`There are more chats. Continue with --cursor ${nextCursor}`);
        },
      );
    });

  chats
    .command('show')
    .argument('<chatId>')
    .description('show a chat and its messages')
    .action((chatId: string, _, command: Command) =>
      withResult(
        context,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.chat.get.query({ chatId }),
        printChat,
      ),
    );

  chats
    .command('delete')
    .argument('<chatId>')
    .option('--yes', 'do not ask for confirmation')
    .description('delete a chat permanently')
    .action((chatId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return withResult(
        context,
        options,
        async ({ parley, terminal }) => {
          await confirmed(terminal, `Delete ${chatId} and all its messages?`, options.yes);
          await parley.trpc.chat.delete.mutate({ chatId });
          return { id: chatId, isDeleted: true };
        },
        ({ id }, terminal) => terminal.say(`${id} is deleted.`),
      );
    });
}

function printChats(terminal: Terminal, chats: readonly Chat[]): void {
  if (chats.length === 0) terminal.say('There are no chats. Start one: parley chat');
  else
    printTable(terminal, chats, [
      ['ID', ({ id }) => id],
      ['TITLE', ({ title }) => title],
      ['USER', ({ userId }) => userId],
      ['CREATED (UTC)', ({ createdAt }) => timestamp(createdAt)],
    ]);
}

function printChat(
  { id, title, agentId, userId, createdAt, messages }: ChatWithMessages,
  terminal: Terminal,
): void {
  printTable(
    terminal,
    [{ id, title, agentId, userId, createdAt }],
    [
      ['ID', (chat) => chat.id],
      ['TITLE', (chat) => chat.title],
      ['AGENT', (chat) => chat.agentId],
      ['USER', (chat) => chat.userId],
      ['CREATED (UTC)', (chat) => timestamp(chat.createdAt)],
    ],
  );
  printTranscript(terminal, messages);
}
