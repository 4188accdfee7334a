import type { Command } from 'commander';
import { answerOnce, readMessage } from '../chat/answer-once.ts';
import { chooseAgent } from '../chat/choose-agent.ts';
import { converse, type OpenChat } from '../chat/converse.ts';
import { usageError } from '../cli-error.ts';
import { type CommandContext, type Session, withSession } from '../command.ts';
import { printTranscript } from '../print/transcript.ts';
import type { GlobalOptions } from '../session.ts';

interface ChatOptions extends GlobalOptions {
  readonly agent?: string;
  readonly user?: string;
  readonly message?: string;
}

/** The number of earlier messages that are shown when a chat is continued. */
const HISTORY_MESSAGES = 20;

/** Adds `parley chat`. */
export function chatCommand(program: Command, context: CommandContext): void {
  program
    .command('chat')
    .argument('[chatId]', 'the chat to continue; default: a new chat')
    .description('chat with an agent; with --message or a pipe, ask one question')
    .option('--agent <agent>', 'the agent of a new chat, by id or name')
    .option('--user <userId>', 'the user of a new chat')
    .option('--message <text>', 'ask one question and write the answer to standard output')
    .addHelpText('after', '\nExamples:\n  parley chat\n  git diff | parley chat --agent Reviewer\n')
    .action((chatId: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<ChatOptions>();
      return withSession(context, options, (session) => chat(session, chatId, options));
    });
}

async function chat(session: Session, chatId: string | undefined, options: ChatOptions): Promise<void> {
  const message = await messageOf(session, options);
  const held = chatId === undefined ? await newChat(session, options) : await knownChat(session, chatId);
  if (message !== undefined) {
    await answerOnce(session, { chatId: await held.chatId(), content: message }, options);
    return;
  }
  if (options.json) throw usageError('--json needs one question: use --message or a pipe.');
  if (chatId !== undefined) await printHistory(session, chatId, held);
  await converse(session, held);
}

/**
 * Returns the question, or undefined for a conversation.
 *
 * @throws CliError if neither is possible
 */
async function messageOf({ terminal }: Session, { message }: ChatOptions): Promise<string | undefined> {
  if (message !== undefined) return message;
  if (process.stdin.isTTY !== true) return await readMessage();
  if (!terminal.isInteractive)
    throw usageError('Standard output is not a terminal. Ask one question with --message or a pipe.');
  return undefined;
}

/** The chat is created with its first message, so that no empty chats are left behind. */
async function newChat(session: Session, { agent: wanted, user: userId }: ChatOptions): Promise<OpenChat> {
  const agent = await chooseAgent(session, wanted);
  const make = async () => (await session.parley.trpc.chat.create.mutate({ agentId: agent.id, userId })).id;
  let made: Promise<string> | undefined;
  return {
    agent,
    chatId: () => {
      made ??= make();
      made.catch(() => {
        made = undefined;
      });
      return made;
    },
  };
}

async function knownChat({ parley }: Session, chatId: string): Promise<OpenChat> {
  const [{ agentId }, { agents }] = await Promise.all([
    parley.trpc.chat.get.query({ chatId, withMessages: false }),
    parley.trpc.agent.list.query({}),
  ]);
  const agent = agents.find(({ id }) => id === agentId) ?? { name: 'agent' };
  return { agent, chatId: async () => chatId };
}

async function printHistory(
  { parley, terminal }: Session,
  chatId: string,
  { agent }: OpenChat,
): Promise<void> {
  const page = { chatId, limit: HISTORY_MESSAGES, order: 'desc' } as const;
  const { messages, nextCursor } = await parley.trpc.message.list.query(page);
  if (nextCursor !== undefined)
    terminal.print(terminal.paint('dim', `earlier messages: parley messages list ${chatId}`));
  printTranscript(terminal, messages.reverse(), agent.name);
  terminal.print();
}
