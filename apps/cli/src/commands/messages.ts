import { type Command, Option } from 'commander';
import { type CommandContext, withResult } from '../command.ts';
import { printTranscript } from '../print/transcript.ts';
import type { GlobalOptions } from '../session.ts';
import { wholeNumber } from './whole-number.ts';

interface ListOptions extends GlobalOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly order?: 'asc' | 'desc';
}

/** Adds `parley messages`. */
export function messagesCommand(program: Command, context: CommandContext): void {
  program
    .command('messages')
    .description('list the messages of a chat')
    .command('list')
    .argument('<chatId>')
    .description('list messages, oldest first')
    .option('--limit <number>', 'the maximum number of messages; default: all', wholeNumber)
    .option('--cursor <cursor>', 'the cursor of the previous list')
    .addOption(
      new Option('--order <order>', 'oldest first (asc) or newest first (desc)').choices(['asc', 'desc']),
    )
    .action((chatId: string, _, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { limit, cursor, order } = options;
      return withResult(
        context,
        options,
        ({ parley }) => parley.trpc.message.list.query({ chatId, limit, cursor, order }),
        ({ messages, nextCursor }, terminal) => {
          printTranscript(terminal, messages);
          if (nextCursor !== undefined)
            terminal.say(`There are more messages. Continue with --cursor ${nextCursor}`);
        },
      );
    });
}
