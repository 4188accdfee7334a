import { scripts } from '@parley/agent/testing';
import type { Agent, Answer, Chat, ErrorEnvelope, Message, MessageList } from '@parley/contract';
import { limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { contents, uploadRaw } from '../support/files.ts';
import { followChat } from '../support/follow-chat.ts';

const { url, makeTeam, model, mongo, composition } = await startHarness();
const team = await makeTeam();
const seeing = await team.makeAgent({ accepts: ['image', 'text', 'pdf'] });

interface Sent {
  readonly content?: string;
  readonly files: readonly string[];
  readonly wait?: boolean;
}

const sendTo = (
  chatId: string,
  { content = '', ...body }: Sent,
  headers: Record<string, string> = {},
  by: Team = team,
) =>
  by.rest<Answer>('POST', `/chat/${chatId}/message`, {
    body: { content, role: 'user', ...body },
    headers,
  });
const listed = async (chatId: string): Promise<Message[]> =>
  (await team.rest<MessageList>('GET', `/chat/${chatId}/message`)).body.messages;
const upload = async (content: Uint8Array<ArrayBuffer>, filename: string, headers = {}) =>
  (
    await uploadRaw(url, content, {
      filename,
      headers: { 'x-api-key': team.secretKey, ...headers },
    })
  ).file.id;
const leftOf = (id: string) => mongo.raw.collection('fileContents.chunks').countDocuments({ files_id: id });

describe('a message with files', () => {
  test('the model gets the files, and lists, events and exports have them as parts', async () => {
    const { id: chatId } = await team.makeChat({ agentId: seeing.id });
    const [photo, invoice] = [
      await upload(contents.png, 'photo.png'),
      await upload(contents.pdf, 'invoice (1).pdf'),
    ];
    const next = model.nextCall();
    const { status, body } = await sendTo(chatId, { content: 'What is this?', files: [photo, invoice] });
    expect(status).toBe(200);
    expect((await next).body.messages).toEqual([
      {
        role: 'user',
        content: [
          {
            type: 'image_url',
            image_url: { url: `data:image/png;base64,${Buffer.from(contents.png).toString('base64')}` },
          },
          {
            type: 'file',
            file: {
              filename: 'invoice (1).pdf',
              file_data: `data:application/pdf;base64,${Buffer.from(contents.pdf).toString('base64')}`,
            },
          },
          { type: 'text', text: 'What is this?' },
        ],
      },
    ]);
    const parts = [
      { type: 'text', text: 'What is this?' },
      {
        ...{ type: 'file', url: `/file/${photo}/content` },
        ...{ mediaType: 'image/png', filename: 'photo.png' },
      },
      {
        ...{ type: 'file', url: `/file/${invoice}/content` },
        ...{ mediaType: 'application/pdf', filename: 'invoice (1).pdf' },
      },
    ];
    const [question, answer] = await listed(chatId);
    expect([question?.id, question?.content, question?.parts]).toEqual([
      body.userMessageId,
      'What is this?',
      parts,
    ]);
    expect(answer?.parts).toBeUndefined();
    const chat = await team.rest<Chat & { messages: Message[] }>('GET', `/chat/${chatId}`);
    expect(chat.body.messages[0]?.parts).toEqual(parts);
    const read = (format: string) =>
      fetch(`${url}/chat/${chatId}/export?format=${format}`, {
        headers: { 'x-api-key': team.secretKey },
      });
    expect(await (await read('json')).json()).toMatchObject({ messages: [{ parts }, {}] });
    expect(await (await read('md')).text()).toContain(
      `File: invoice (1).pdf (application/pdf), /file/${invoice}/content`,
    );
    const content = await fetch(`${url}/file/${photo}/content`, { headers: { 'x-api-key': team.secretKey } });
    expect(new Uint8Array(await content.arrayBuffer())).toEqual(contents.png);
  });

  test('a message of files alone is answered, and names its chat', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile('Buy milk.');
    const next = model.nextCall();
    expect((await sendTo(chatId, { files: [file] })).status).toBe(200);
    expect((await next).body.messages).toEqual([
      { role: 'user', content: '<file name="notes.txt" type="text/plain">\nBuy milk.\n</file>' },
    ]);
    const [question] = await listed(chatId);
    expect([question?.content, question?.parts]).toEqual([
      '',
      [
        {
          ...{ type: 'file', url: `/file/${file}/content` },
          ...{ mediaType: 'text/plain', filename: 'notes.txt' },
        },
      ],
    ]);
    expect((await team.rest<Chat>('GET', `/chat/${chatId}`)).body.title).toBe('notes.txt');
  });

  test('later messages of the chat can name the file again, and the model gets it in the history', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile('Buy milk.');
    await sendTo(chatId, { content: 'Read.', files: [file] });
    const next = model.nextCall();
    expect((await sendTo(chatId, { content: 'Again.', files: [file] })).status).toBe(200);
    const { messages } = (await next).body;
    expect(messages).toHaveLength(3);
    for (const index of [0, 2]) expect(messages[index]?.content).toContain('Buy milk.');
  });

  test('a retry of a failed answer gives the files to the model again', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile(`Fails once ${chatId}`);
    model.reply(scripts.status(401));
    const { apiError } = await sendTo(chatId, { files: [file] });
    const next = model.nextCall();
    const retried = await team.rest('POST', `/chat/${chatId}/message/${apiError.messageId}/retry`);
    expect(retried.status).toBe(200);
    expect((await next).body.messages[0]?.content).toContain(`Fails once ${chatId}`);
  });

  test('files belong to the request that an idempotency key identifies', async () => {
    const { id: chatId } = await team.makeChat();
    const [one, other] = [await team.makeFile(), await team.makeFile()];
    const headers = { 'idempotency-key': mintId('request') };
    const first = await sendTo(chatId, { files: [one] }, headers);
    const again = await sendTo(chatId, { files: [one] }, headers);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    const reused = await sendTo(chatId, { files: [other] }, headers);
    expect([reused.status, reused.apiError.code]).toEqual([422, 'idempotency_key_reused']);
    await team.rest('DELETE', `/file/${other}`);
  });

  test('followers of the chat get the message with its files', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile();
    await sendTo(chatId, { content: 'one', files: [file] });
    const tab = await followChat('rest', url, team.secretKey, { chatId, seen: [] });
    await tab.until('chat-followed');
    await sendTo(chatId, { content: 'two', files: [file] });
    await tab.until('message-accepted');
    const accepted = tab.events.find(({ event }) => event.type === 'message-accepted')?.event;
    expect(accepted).toMatchObject({
      message: {
        parts: [
          { type: 'text', text: 'two' },
          { type: 'file', filename: 'notes.txt' },
        ],
      },
    });
    tab.close();
  });
});

describe('rejected files', () => {
  /** The status and code of a message that must not be stored. */
  async function rejectionOf(chatId: string, sent: Sent, headers = {}, by = team) {
    const before = await mongo.raw.collection('turns').countDocuments({ chat: chatId });
    const { status, apiError } = await sendTo(chatId, sent, headers, by);
    expect(await mongo.raw.collection('turns').countDocuments({ chat: chatId })).toBe(before);
    return [status, (apiError as ErrorEnvelope).code];
  }

  test('an agent accepts only text unless it says so, and the rejected file stays free', async () => {
    const { id: chatId } = await team.makeChat();
    for (const content of [contents.png, contents.pdf]) {
      const file = await upload(content, 'x');
      expect(await rejectionOf(chatId, { files: [file] })).toEqual([400, 'file_not_accepted']);
      expect((await team.rest('DELETE', `/file/${file}`)).status).toBe(204);
    }
    const none = await team.makeAgent({ accepts: [] });
    const chat = await team.makeChat({ agentId: none.id });
    expect(await rejectionOf(chat.id, { files: [await team.makeFile()] })).toEqual([
      400,
      'file_not_accepted',
    ]);
  });

  test('the list of agents shows what each accepts', async () => {
    const { agents } = (await team.rest<{ agents: Agent[] }>('GET', '/agent')).body;
    const acceptsOf = (id: string) => agents.find((agent) => agent.id === id)?.accepts;
    expect([acceptsOf(team.agent.id), acceptsOf(seeing.id)]).toEqual([['text'], ['image', 'text', 'pdf']]);
  });

  test('a file of another chat is 409, and cannot be deleted alone', async () => {
    const [{ id: one }, { id: other }] = [await team.makeChat(), await team.makeChat()];
    const file = await team.makeFile();
    await sendTo(one, { files: [file] });
    expect(await rejectionOf(other, { files: [file] })).toEqual([409, 'file_in_use']);
    const { status, apiError } = await team.rest('DELETE', `/file/${file}`);
    expect([status, apiError.code]).toEqual([409, 'file_in_use']);
  });

  test('one of two chats that are sent the same file at once gets it', async () => {
    const chats = [await team.makeChat(), await team.makeChat()];
    const file = await team.makeFile();
    const answers = await Promise.all(chats.map(({ id }) => sendTo(id, { files: [file] })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  test('the files of other users and teams, and unknown ones, are 404', async () => {
    const ann = team.withChatsOf('ann');
    const { id: chatId } = await ann.makeChat();
    const foreign = await (await makeTeam()).makeFile();
    const bens = await team.withChatsOf('ben').makeFile();
    for (const file of [foreign, bens, mintId('file'), 'x'])
      expect(await rejectionOf(chatId, { files: [file] })).toEqual([404, 'file_not_found']);
  });

  test('a message without text and files, with eleven files, or with one twice, is 400', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile();
    const many = Array.from({ length: limits.messageFilesMax + 1 }, () => mintId('file'));
    for (const files of [[], many, [file, file]])
      expect(await rejectionOf(chatId, { content: 'x', files })).toEqual([400, 'invalid_input']);
    const { apiError } = await team.send(chatId, '');
    expect(apiError).toMatchObject({
      code: 'invalid_input',
      issues: [{ path: 'content', message: 'must have at least 1 character(s)' }],
    });
  });

  test('a user with a hundred unsent files has to send or delete some first', async () => {
    const eve = team.withChatsOf('eve');
    const headers = {
      'x-api-key': await team.guestKey(),
      'x-user-token': await team.userToken('eve'),
    };
    const files: string[] = [];
    for (let count = 0; count < limits.unsentFilesPerUserMax; count++) files.push(await eve.makeFile());
    const attempt = () => uploadRaw(url, contents.text, { headers });
    expect((await attempt()).apiError).toMatchObject({ code: 'too_many_unsent_files' });
    const { id: chatId } = await eve.makeChat();
    expect((await sendTo(chatId, { files: files.slice(0, 1) })).status).toBe(200);
    expect((await attempt()).status).toBe(200);
  });
});

describe('who reads a sent file', () => {
  test('a file that the team sends in the chat of a user is readable for that user alone', async () => {
    const ann = team.withChatsOf('ann');
    const { id: chatId } = await ann.makeChat();
    const file = await team.makeFile();
    await sendTo(chatId, { files: [file] });
    const statusFor = async (user: string) => {
      const headers = {
        'x-api-key': await team.guestKey(),
        'x-user-token': await team.userToken(user),
      };
      return (await fetch(`${url}/file/${file}/content`, { headers })).status;
    };
    expect([await statusFor('ann'), await statusFor('ben')]).toEqual([200, 404]);
  });
});

describe('the removal of sent files', () => {
  test('a file is deleted with its chat, and its bytes are free again', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile();
    await sendTo(chatId, { files: [file] });
    expect((await team.rest('DELETE', `/chat/${chatId}`)).status).toBe(204);
    await expect.poll(() => leftOf(file)).toBe(0);
    expect((await team.rest('GET', `/file/${file}`)).status).toBe(404);
  });

  test('the files of a user are erased with the user', async () => {
    const ann = team.withChatsOf('erased');
    const { id: chatId } = await ann.makeChat();
    const [sent, unsent] = [await ann.makeFile(), await ann.makeFile()];
    await sendTo(chatId, { files: [sent] });
    expect((await team.rest('DELETE', '/user/erased')).status).toBeLessThan(300);
    await expect.poll(async () => [await leftOf(sent), await leftOf(unsent)]).toEqual([0, 0]);
  });

  test('a sent file outlives the sweep', async () => {
    const { id: chatId } = await team.makeChat();
    const file = await team.makeFile();
    await sendTo(chatId, { files: [file] });
    const day = 24 * 60 * 60 * 1_000;
    for (const days of [1.1, 2, 3])
      await composition.services.stores.files.sweep(new Date(Date.now() + days * day), 1_000);
    expect((await team.rest('GET', `/file/${file}`)).status).toBe(200);
  });
});
