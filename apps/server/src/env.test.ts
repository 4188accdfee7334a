import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '@parley/contract';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEnv } from './env.ts';

test('every environment variable is optional', () => {
  expect(readEnv({})).toMatchObject({
    PORT: 3000,
    HOST: '127.0.0.1',
    DATA_DIR: '.data',
    LOCAL_MODEL: 'on',
    WEB_APP: 'loopback',
    RATE_LIMIT_KEY: 6_000,
    RATE_LIMIT_USER: 60,
    RATE_LIMIT_ADDRESS: 1_200,
    RATE_LIMIT_UNIDENTIFIED: 120,
    RATE_LIMIT_NEW_VISITORS: 300,
    RATE_LIMIT_FILES: 6_000,
    RUNNING_ANSWERS_MAX: 1_000,
    CONCURRENT_TURNS: 0,
    STREAMS_MAX: 10_000,
    MODEL_SILENCE_MS: 60_000,
    MODEL_TOTAL_MS: 300_000,
    CONCURRENT_TURNS_USER: 4,
    TEAM_FILES_MIB: 10_240,
    LOG_LEVEL: 'info',
  });
});

test('a model has 60 seconds for its first piece unless MODEL_FIRST_TOKEN_MS is set, and the local model has other limits', () => {
  expect(readEnv({}).MODEL_FIRST_TOKEN_MS).toBeUndefined();
  expect(limits.modelFirstPieceMaxMs).toBe(60_000);
});

test('an empty environment variable counts as not set', () => {
  const empty = {
    PORT: '',
    MONGODB_URI: '',
    OPENAI_API_KEY: '',
    OPENAI_BASE_URL: '',
    LOG_LEVEL: '',
    CONTEXT_TOKENS: '',
  };
  expect(readEnv(empty)).toEqual(readEnv({}));
});

test('unknown environment variables are ignored', () => {
  expect(readEnv({ PATH: '/bin', AWS_SECRET: 'x' })).toEqual(readEnv({}));
});

test('the settings come from the environment variables', () => {
  const set = {
    PORT: '0',
    HOST: '::',
    DATA_DIR: '/srv/parley',
    MONGODB_URI: 'mongodb+srv://db.example/parley',
    OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1',
    OPENAI_API_KEY: 'sk-x',
    OPENAI_MODEL: 'm',
    OPENAI_API: 'responses',
    LOCAL_MODEL: 'off',
    WEB_APP: 'on',
    PUBLIC_URL: 'https://Chat.example.com, http://10.0.0.5:8080/',
    WEB_PUBLISHABLE_KEY: 'pk_live_x',
    LOG_LEVEL: 'trace',
    CONTEXT_TOKENS: '12000',
  };
  expect(readEnv(set)).toMatchObject({
    ...set,
    PORT: 0,
    CONTEXT_TOKENS: 12_000,
    PUBLIC_URL: ['https://chat.example.com', 'http://10.0.0.5:8080'],
  });
  expect(limits.contextTokensDefault).toBeGreaterThan(0);
});

describe('the providers of models', () => {
  const providers = JSON.stringify([
    { name: 'backup', baseUrl: 'https://models.example/v1', apiKeyEnv: 'BACKUP_KEY', api: 'responses' },
    { name: 'open', baseUrl: 'http://127.0.0.1:8000/v1' },
  ]);

  test('the providers of models are read with the keys that their variables hold, and the default models with them', () => {
    const env = readEnv({
      MODEL_PROVIDERS: providers,
      BACKUP_KEY: 'sk-b',
      DEFAULT_MODELS: 'default/gpt-5-mini, backup/meta/llama-3',
    });
    expect(Object.fromEntries(env.MODEL_PROVIDERS)).toEqual({
      backup: { baseUrl: 'https://models.example/v1', apiKey: 'sk-b', api: 'responses' },
      open: { baseUrl: 'http://127.0.0.1:8000/v1', apiKey: '', api: 'chat' },
    });
    expect(env.DEFAULT_MODELS).toEqual([
      { provider: 'default', model: 'gpt-5-mini' },
      { provider: 'backup', model: 'meta/llama-3' },
    ]);
  });

  test('the providers of models may have their keys in files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-env-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const apiKeyFile = join(folder, 'key');
    writeFileSync(apiKeyFile, 'sk-of-file\n');
    const MODEL_PROVIDERS = JSON.stringify([{ name: 'a', baseUrl: 'http://a.example', apiKeyFile }]);
    expect(readEnv({ MODEL_PROVIDERS }).MODEL_PROVIDERS.get('a')?.apiKey).toBe('sk-of-file');
  });

  const one = { name: 'a', baseUrl: 'http://a.example/v1' };
  test.each<[RegExp, object[] | string]>([
    [/a JSON list/, 'backup'],
    [/lower-case/, [{ ...one, name: 'A b' }]],
    [/OPENAI_\*/, [{ ...one, name: 'default' }]],
    [/without credentials/, [{ ...one, baseUrl: 'https://u:canary@a.example' }]],
    [/each provider once/, [one, one]],
    [/one of apiKeyEnv and apiKeyFile/, [{ ...one, apiKeyEnv: 'X', apiKeyFile: '/x' }]],
    [/chat or responses/, [{ ...one, api: 'assistants' }]],
    [/NO_SUCH_KEY, which is not set/, [{ ...one, apiKeyEnv: 'NO_SUCH_KEY' }]],
    [/cannot be read/, [{ ...one, apiKeyFile: '/no/such/file' }]],
    [/apiKey/, [{ ...one, apiKey: 'canary' }]],
  ])('the providers of models are rejected with a sentence: %s', (sentence, given) => {
    const MODEL_PROVIDERS = typeof given === 'string' ? given : JSON.stringify(given);
    const { message } = thrownBy(() => readEnv({ MODEL_PROVIDERS }));
    expect(message).toMatch(/^The environment cannot be used:\n {2}MODEL_PROVIDERS: ./);
    expect(message).toMatch(sentence);
    expect(message).not.toContain('canary');
  });

  test.each([
    'gpt-5-mini',
    'nobody/m',
    'backup/',
    'open/a,open/b,open/c,open/d',
    'open/a,open/a',
    ''.padEnd(3, ','),
  ])('the providers of models are named by the default models: %j is rejected', (DEFAULT_MODELS) => {
    const env = { MODEL_PROVIDERS: providers, BACKUP_KEY: 'k', DEFAULT_MODELS };
    expect(() => readEnv(env)).toThrow(/DEFAULT_MODELS: ./);
  });
});

test('a public chat page needs PUBLIC_URL', () => {
  expect(() => readEnv({ WEB_APP: 'on' })).toThrow(/PUBLIC_URL: must be set when WEB_APP is on/);
});

describe('the error names an invalid environment variable', () => {
  test.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['MONGODB_URI', 'http://db.example'],
    ['MONGODB_URI', 'localhost:27017'],
    ['OPENAI_BASE_URL', 'localhost:8000'],
    ['OPENAI_BASE_URL', 'ftp://models.example'],
    ['OPENAI_API', 'assistants'],
    ['LOCAL_MODEL', 'yes'],
    ['WEB_APP', 'yes'],
    ['PUBLIC_URL', 'chat.example.com'],
    ['PUBLIC_URL', 'https://chat.example.com/app'],
    ['PUBLIC_URL', 'https://chat.example.com,'],
    ['PUBLIC_URL', 'ftp://chat.example.com'],
    ['PUBLIC_URL', 'https://someone@chat.example.com'],
    ['WEB_PUBLISHABLE_KEY', 'sk_live_x'],
    ['RATE_LIMIT_KEY', '-1'],
    ['RATE_LIMIT_PUBLISHABLE', 'many'],
    ['LOG_LEVEL', 'verbose'],
    ['CONTEXT_TOKENS', '0'],
    ['MODEL_FIRST_TOKEN_MS', '0'],
    ['MODEL_SILENCE_MS', 'long'],
    ['MODEL_TOTAL_MS', '300001'],
    ['CONTEXT_TOKENS', 'many'],
  ])('%s=%s', (name, value) => {
    expect(() => readEnv({ [name]: value })).toThrow(
      new RegExp(`^The environment cannot be used:\\n  ${name}: .`),
    );
  });

  test('the error names all invalid variables at once, without their values', () => {
    const error = thrownBy(() =>
      readEnv({ PORT: 'canary', LOG_LEVEL: 'canary', MONGODB_URI: 'user:canary@db' }),
    );
    expect(error.message.split('\n')).toHaveLength(4);
    expect(error.message).not.toContain('canary');
  });
});

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
