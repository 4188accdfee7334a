import { startScriptedModel } from '@parley/agent/testing';
import { mintEncryptionKey } from '@parley/db';
import { testDatabaseUri } from '@parley/embedded/testing';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { copyRepository } from './copy-repository.ts';
import { call, ServerProcess, temporaryFolder } from './server-process.ts';

/** The folder in which `npm ci --omit=optional` leaves the driver depends on which packages share its version. */
const installs = [
  { install: 'a checkout without packages/embedded', without: ['@parley/embedded'] },
  { install: 'an install without optional packages', without: ['mongodb-memory-server-core', 'mongodb'] },
  {
    install: 'an install whose only optional package is the driver',
    without: ['mongodb-memory-server-core'],
  },
];

describe.each(installs)('in $install', ({ without }) => {
  test('the server answers with the configured database and model', async () => {
    const model = await startScriptedModel();
    onTestFinished(() => model.stop());
    const env = {
      MONGODB_URI: testDatabaseUri(inject('mongoUri'), 'without_embedded'),
      ENCRYPTION_KEY: mintEncryptionKey(),
      OPENAI_BASE_URL: model.baseUrl,
      OPENAI_MODEL: 'scripted',
    };
    const repository = await copyRepository({ without });
    const server = await ServerProcess.start(await temporaryFolder(), env, repository);
    const credentials = await server.credentials();
    const { agentId } = credentials;
    const { body: chat } = await call(credentials, 'POST', '/chat', { agentId });
    const message = { role: 'user', content: 'Hi' };
    expect(await call(credentials, 'POST', `/chat/${chat.id}/message`, message)).toMatchObject({
      status: 200,
      body: { role: 'assistant' },
    });
    expect((await server.stop()).code).toBe(0);
  });

  test('the server starts without a model and says how to set one', async () => {
    const env = {
      MONGODB_URI: testDatabaseUri(inject('mongoUri'), 'without_embedded'),
      ENCRYPTION_KEY: mintEncryptionKey(),
      LOCAL_MODEL: 'on',
      OLLAMA_HOST: '127.0.0.1:9',
    };
    const repository = await copyRepository({ without });
    const server = await ServerProcess.start(await temporaryFolder(), env, repository);
    expect(server.stderr).toContain('none: the local model is not installed. Set OPENAI_API_KEY');
  });

  test('the start without MONGODB_URI fails with one error that names both remedies', async () => {
    const repository = await copyRepository({ without });
    const server = await ServerProcess.spawn(await temporaryFolder(), {}, repository);
    const { code, stderr } = await server.exited;
    expect(code).toBe(1);
    expect(stderr.trim()).toBe(
      'Parley cannot start. There is no database: set MONGODB_URI to the address of a MongoDB replica set, or install ' +
        'the embedded MongoDB with `npm ci`, without `--omit=optional`.',
    );
  });
});
