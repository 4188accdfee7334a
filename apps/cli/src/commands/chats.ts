import type { Chat, ChatWithMessages } from '@parley/contract';
import type { Command } from 'commander';
import { answering, type World } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { moment } from '../print/moment.ts';
import { printTable } from '../print/table.ts';
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

/** `parley chats`: what there is, and the end of it. */
export function chatsCommand(program: Command, world: World): void {
  const chats = program.command('chats').description('list, show and delete chats');

  chats
    .command('list')
    .description('chats, newest first')
    .option('--user <userId>', 'only chats of this user')
    .option('--agent-type <type>', 'only chats with agents of this type')
    .option('--search <words>', 'only chats whose title has these words')
    .option('--limit <number>', 'how many', wholeNumber, 30)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { user: userId, agentType, search, limit, cursor } = options;
      return answering(
        world,
        options,
        ({ parley }) => parley.trpc.chat.list.query({ userId, agentType, search, limit, cursor }),
        ({ chats: rows, nextCursor }, terminal) => {
          printChats(terminal, rows);
          if (nextCursor !== undefined) terminal.say(`There are more: --cursor ${nextCursor}`);
        },
      );
    });

  chats
    .command('show')
    .argument('<chatId>')
    .description('a chat and its messages')
    .action((chatId: string, _, command: Command) =>
      answering(
        world,
        command.optsWithGlobals(),
        ({ parley }) => parley.trpc.chat.get.query({ chatId }),
        printChat,
      ),
    );

  chats
    .command('delete')
    .argument('<chatId>')
    .option('--yes', 'do not ask')
    .description('deletes a chat, for good')
    .action((chatId: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { yes?: true }>();
      return answering(
        world,
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
  if (chats.length === 0) terminal.say('There are no chats. Begin one: parley chat');
  else
    printTable(terminal, chats, [
      ['ID', ({ id }) => id],
      ['TITLE', ({ title }) => title],
      ['USER', ({ userId }) => userId],
      ['CREATED (UTC)', ({ createdAt }) => moment(createdAt)],
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
      ['CREATED (UTC)', (chat) => moment(chat.createdAt)],
    ],
  );
  printTranscript(terminal, messages);
}
