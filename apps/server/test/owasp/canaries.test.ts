import { scripts, startScriptedTool } from '@parley/agent/testing';
import { restOperations } from '@parley/api';
import { casesOfForm } from '@parley/embedded/testing/form';
import { afterAll, expect, test } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { startHarness } from '../harness.ts';
import { headersFor, operations } from '../support/operations.ts';
import { ask, transports } from '../support/transports.ts';

/*
 * A team whose secrets and texts each contain a unique mark. Every caller requests everything, and all responses,
 * errors, log lines and metrics are searched for the marks. The test lists by hand where a mark may be read.
 */

const metrics = createMetrics();
const tool = await startScriptedTool();
const { url, makeTeam, model, log, rest, mongo } = await startHarness({
  metrics,
  toolAddresses: { arePrivateAllowed: true },
});
afterAll(() => tool.stop());

const marks = {
  prompt: 'canary-prompt-3e1',
  toolSecret: 'canary-tool-secret-8b2',
  toolResult: 'canary-tool-result-77c',
  toolArgument: 'canary-tool-argument-0d4',
  question: 'canary-question-91f',
  answer: 'canary-answer-c55',
  metadata: 'canary-metadata-2aa',
  user: 'canary-user-6d0',
} as const;

const victim = await makeTeam({
  systemPrompt: marks.prompt,
  tools: [
    {
      ...{ name: 'look', description: 'Looks.', parameters: { type: 'object' }, url: tool.url },
      headers: { authorization: marks.toolSecret },
    },
  ],
});
const otherTeam = await makeTeam();
tool.answer((response) => void response.end(marks.toolResult));
model.reply(
  scripts.toolCalls([{ name: 'look', arguments: { what: marks.toolArgument } }]),
  scripts.text(marks.answer),
);
const chat = await victim.makeChat({ userId: marks.user, metadata: { note: marks.metadata } });
await victim.send(chat.id, `x ${marks.question}`);
const guest = await victim.makeGuest();
const userToken = await victim.userToken(marks.user);
const signingSecret = (await mongo.raw.collection('signingSecrets').findOne({ team: victim.id }))?.['secret'];

/** The credentials: no answer contains them after the one that created them. */
const transportOpeners = {
  secretKey: victim.secretKey,
  publishableKey: victim.publishableKey,
  guestToken: guest.token,
  userToken,
  signingSecret: String(signingSecret),
  toolSecret: marks.toolSecret,
  toolResult: marks.toolResult,
  toolArgument: marks.toolArgument,
};

const withKey = (key: string, token?: string) => ({
  'x-api-key': key,
  ...(token !== undefined && { 'x-user-token': token }),
});
/** The callers. */
const callers: Readonly<Record<string, { headers: (name: string) => Promise<Record<string, string>> }>> = {
  'the team itself': { headers: (name) => headersFor(victim, name) },
  'its open page': { headers: async () => withKey(victim.publishableKey) },
  'a guest of it': { headers: async () => withKey(await victim.guestKey(), guest.token) },
  'another user of it': {
    headers: async () => withKey(await victim.guestKey(), await victim.userToken('someone else')),
  },
  'another team': { headers: async () => withKey(otherTeam.secretKey) },
  nobody: { headers: async () => ({}) },
};
const AGENT_SETTINGS = /^agent\.(create|get|update|rollback|listVersions)$/;
const CHATS = /^(chat|message)\./;

function mayRead(who: string, name: string, mark: keyof typeof marks): boolean {
  const isTeam = who === 'the team itself';
  if (mark === 'prompt') return isTeam && AGENT_SETTINGS.test(name);
  if (mark === 'user' && name === 'usage.list') return isTeam;
  // An open key can read all chats of the team, as documented.
  return CHATS.test(name) && (isTeam || who === 'its open page');
}

/** The ids of the objects with marks, for operations that name one object. */
function marked(name: string): Record<string, string> {
  if (/^(chat\.get|message\.list)$/.test(name)) return { chatId: chat.id };
  return /^agent\.(get|listVersions)$/.test(name) ? { agentId: victim.agent.id } : {};
}

test.each(casesOfForm(Object.keys(callers), 3))(
  'responses to %s contain only data that it may read',
  async (who) => {
    const seen = new Set<string>();
    for (const name of Object.keys(operations)) {
      for (const transport of transports) {
        const valid = (await operations[name]?.validInput(victim)) ?? {};
        const named = { ...valid, ...marked(name) };
        const broken = Object.fromEntries(Object.keys(named).map((field) => [field, { marks: 7 }]));
        for (const input of [named, { ...named, unknown: 1 }, broken]) {
          const headers = (await callers[who]?.headers(name)) ?? {};
          const answer = JSON.stringify(await ask(transport, name, input, { url, headers }));
          for (const [opener, text] of Object.entries(transportOpeners)) {
            expect(answer.includes(text), `${name} by ${who} shows the ${opener}`).toBe(false);
          }
          for (const mark of ['prompt', 'question', 'answer', 'metadata', 'user'] as const) {
            if (!answer.includes(marks[mark])) continue;
            expect(mayRead(who, name, mark), `${name} by ${who} shows the ${mark}`).toBe(true);
            seen.add(mark);
          }
        }
      }
    }
    // The marks are in the responses where they belong.
    const readable = who === 'the team itself' || who === 'its open page';
    const theirs = [
      'question',
      'answer',
      'metadata',
      ...(who === 'the team itself' ? ['prompt', 'user'] : []),
    ];
    if (readable) expect([...seen]).toEqual(expect.arrayContaining(theirs));
    else expect([...seen]).toEqual([]);
  },
);

test('errors of any path repeat nothing of the request', async () => {
  for (const { method, path } of restOperations) {
    const filled = path.replaceAll(/\{\w+\}/g, marks.question);
    const { status, body } = await rest(method, filled, {
      key: `${victim.secretKey}x`,
      headers: { 'x-user-token': `${userToken}x`, 'idempotency-key': marks.metadata },
    });
    expect(status).toBe(401);
    const text = JSON.stringify(body);
    for (const mark of [...Object.values(marks), ...Object.values(transportOpeners)])
      expect(text).not.toContain(mark);
  }
});

test('no log line and no metric contains a mark after all that', async () => {
  const texts = [log.text, await metrics.text()];
  expect(log.all().length).toBeGreaterThan(100);
  for (const text of texts) {
    for (const mark of [...Object.values(marks), ...Object.values(transportOpeners)])
      expect(text).not.toContain(mark);
    expect(text).not.toMatch(/canary/);
    expect(text).not.toMatch(/(?:[sp]k|gt|ss)_live_\w/);
  }
});
