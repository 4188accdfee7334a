import { createGate, startScriptedModel } from '@parley/agent/testing';
import { expect, onTestFinished, test } from 'vitest';
import { call, ServerProcess, temporaryFolder } from './server-process.ts';

/* The settings of several models, from the environment to the requests that the models' servers get. */

async function startModel() {
  const model = await startScriptedModel();
  onTestFinished(() => model.stop());
  return model;
}

test('a model that sends nothing for MODEL_FIRST_TOKEN_MS is followed by the next one of DEFAULT_MODELS', async () => {
  const [first, backup] = await Promise.all([startModel(), startModel()]);
  const never = createGate();
  first.replyAlways(() => never.released);
  const server = await ServerProcess.start(await temporaryFolder(), {
    OPENAI_BASE_URL: first.baseUrl,
    OPENAI_API_KEY: 'sk-of-the-first',
    OPENAI_API: 'responses',
    MODEL_PROVIDERS: JSON.stringify([
      { name: 'backup', baseUrl: backup.baseUrl, apiKeyEnv: 'BACKUP_KEY', api: 'chat' },
    ]),
    BACKUP_KEY: 'sk-of-the-backup',
    DEFAULT_MODELS: 'default/m1, backup/m2',
    MODEL_FIRST_TOKEN_MS: '1000',
    // The answer fails after this time if the first model may be silent for the default time of a first piece.
    MODEL_TOTAL_MS: '50000',
  });
  expect(server.stderr).toContain('m1, then backup/m2, as DEFAULT_MODELS says.');
  const credentials = await server.credentials();
  const { body: chat } = await call(credentials, 'POST', '/chat', { agentId: credentials.agentId });
  const message = { content: 'Hi', role: 'user' };
  const answered = await call(credentials, 'POST', `/chat/${chat.id}/message`, message);
  expect(answered).toMatchObject({
    status: 200,
    body: { role: 'assistant', status: 'completed', content: 'You said: Hi' },
  });
  const received = [first, backup].map((model) =>
    model.calls().map(({ path, body, headers }) => [path, body.model, headers.authorization]),
  );
  expect(received).toEqual([
    [['/v1/responses', 'm1', 'Bearer sk-of-the-first']],
    [['/v1/chat/completions', 'm2', 'Bearer sk-of-the-backup']],
  ]);
});
