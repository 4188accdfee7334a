import { createParley, toParleyError } from '@parley/client';

const { PARLEY_URL = 'http://127.0.0.1:3000', PARLEY_KEY = '' } = process.env;
const parley = createParley({ url: PARLEY_URL, apiKey: PARLEY_KEY });

try {
  const { agents } = await parley.trpc.agent.list.query({});
  const agent = agents[0];
  if (!agent) throw new Error('The team has no agent yet.');
  const chat = await parley.trpc.chat.create.mutate({ agentId: agent.id, metadata: { from: 'a script' } });
  const content = process.argv[2] ?? 'What can you do?';
  const { id } = await parley.trpc.message.create.mutate({
    chatId: chat.id,
    content,
    role: 'user',
    wait: false,
  });
  await printAnswer(chat.id, id);
} catch (thrown) {
  const { message, code } = toParleyError(thrown);
  console.error(`${message} (${code})`);
  process.exitCode = 1;
} finally {
  parley.close();
}

/** Prints an answer as it is written. */
function printAnswer(chatId: string, messageId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    parley.trpc.message.follow.subscribe(
      { chatId, messageId },
      {
        onData({ data }) {
          if (data.type === 'text-delta') process.stdout.write(data.text);
          if (data.type === 'end') process.stdout.write(`\n(${data.status})\n`);
        },
        onError: reject,
        onComplete: resolve,
      },
    );
  });
}
