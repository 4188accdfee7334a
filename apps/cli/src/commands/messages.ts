import { type Command, Option } from 'commander';
import { answering, type World } from '../command.ts';
import { printTranscript } from '../print/transcript.ts';
import type { GlobalOptions } from '../session.ts';
import { wholeNumber } from './whole-number.ts';

interface ListOptions extends GlobalOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly order?: 'asc' | 'desc';
}

/** `parley messages`. */
export function messagesCommand(program: Command, world: World): void {
  program
    .command('messages')
    .description('list the messages of a chat')
    .command('list')
    .argument('<chatId>')
    .description('messages, oldest first')
    .option('--limit <number>', 'how many; all, unless said otherwise', wholeNumber)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .addOption(new Option('--order <order>', 'from the oldest or from the newest').choices(['asc', 'desc']))
    .action((chatId: string, _, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const { limit, cursor, order } = options;
      return answering(
        world,
        options,
        ({ parley }) => parley.trpc.message.list.query({ chatId, limit, cursor, order }),
        ({ messages, nextCursor }, terminal) => {
          printTranscript(terminal, messages);
          if (nextCursor !== undefined) terminal.say(`There are more: --cursor ${nextCursor}`);
        },
      );
    });
}
