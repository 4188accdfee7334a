import type { Command } from 'commander';
import { answerOnce, readMessage } from '../chat/answer-once.ts';
import { chooseAgent } from '../chat/choose-agent.ts';
import { converse, type HeldChat } from '../chat/converse.ts';
import { usageError } from '../cli-error.ts';
import { type Session, type World, withSession } from '../command.ts';
import { printTranscript } from '../print/transcript.ts';
import type { GlobalOptions } from '../session.ts';

interface ChatOptions extends GlobalOptions {
  readonly agent?: string;
  readonly user?: string;
  readonly message?: string;
}

/** What is shown of a chat that is taken up again. */
const HISTORY_MESSAGES = 20;

/** `parley chat`. */
export function chatCommand(program: Command, world: World): void {
  program
    .command('chat')
    .argument('[chatId]', 'a chat to go on with; a new one, unless given')
    .description('chats with an agent; with --message or a pipe, asks one question')
    .option('--agent <agent>', "a new chat's agent, by id or name")
    .option('--user <userId>', 'whose chat a new one is')
    .option('--message <text>', 'one question: its answer goes to standard output')
    .addHelpText('after', '\nExamples:\n  parley chat\n  git diff | parley chat --agent Reviewer\n')
    .action((chatId: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<ChatOptions>();
      return withSession(world, options, (session) => chat(session, chatId, options));
    });
}

async function chat(session: Session, chatId: string | undefined, options: ChatOptions): Promise<void> {
  const message = await messageOf(session, options);
  const held = chatId === undefined ? await newChat(session, options) : await knownChat(session, chatId);
  if (message !== undefined) {
    await answerOnce(session, { chatId: await held.chatId(), content: message }, options);
    return;
  }
  if (options.json) throw usageError('--json takes one question: --message, or a pipe.');
  if (chatId !== undefined) await printHistory(session, chatId, held);
  await converse(session, held);
}

/** What is asked, when it is one question. @throws CliError when it is neither that nor a conversation */
async function messageOf({ terminal }: Session, { message }: ChatOptions): Promise<string | undefined> {
  if (message !== undefined) return message;
  if (process.stdin.isTTY !== true) return await readMessage();
  if (!terminal.isInteractive)
    throw usageError('Standard output is no terminal: ask with --message, or by a pipe.');
  return undefined;
}

/** Made with its first message: whoever says nothing leaves no empty chat. */
async function newChat(session: Session, { agent: wanted, user: userId }: ChatOptions): Promise<HeldChat> {
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

async function knownChat({ parley }: Session, chatId: string): Promise<HeldChat> {
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
  { agent }: HeldChat,
): Promise<void> {
  const page = { chatId, limit: HISTORY_MESSAGES, order: 'desc' } as const;
  const { messages, nextCursor } = await parley.trpc.message.list.query(page);
  if (nextCursor !== undefined)
    terminal.print(terminal.paint('dim', `older: parley messages list ${chatId}`));
  printTranscript(terminal, messages.reverse(), agent.name);
  terminal.print();
}
