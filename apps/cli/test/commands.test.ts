import { expect, test } from 'vitest';
import { startHarness } from '../../server/test/harness.ts';
import { runParley } from './support/run-parley.ts';

const { url, makeTeam } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey };
const parley = (...args: string[]) => runParley(args, { env });

/** Returns the JSON value that a command printed. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await parley(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('chats can be listed, shown and deleted, as tables and as JSON', async () => {
  const { id } = await team.makeChat({ userId: 'user_7' });
  await team.send(id, 'hello there');

  const { chats } = await json('chats', 'list', '--user', 'user_7');
  expect(chats).toMatchObject([{ id, userId: 'user_7', title: 'hello there' }]);
  const { stdout: table } = await parley('chats', 'list', '--user', 'user_7');
  expect(table.split('\n')).toEqual([
    expect.stringMatching(/^ID +TITLE +USER +CREATED \(UTC\)$/),
    expect.stringMatching(new RegExp(`^${id}  hello there  user_7  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d$`)),
    '',
  ]);

  const { stdout: shown } = await parley('chats', 'show', id);
  expect(shown).toContain('you\nhello there\n\nagent\nYou said: hello there\n');
  const { messages } = await json('messages', 'list', id, '--limit', '1', '--order', 'desc');
  expect(messages).toMatchObject([{ content: 'You said: hello there' }]);

  const unconfirmed = await parley('chats', 'delete', id);
  expect(unconfirmed).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(await json('chats', 'delete', id, '--yes')).toEqual({ id, isDeleted: true });
  const afterDelete = await parley('chats', 'show', id);
  expect(afterDelete).toMatchObject({ code: 4, stdout: '' });
  expect(afterDelete.stderr).toMatch(/\(chat_not_found, request req_\w+\)\n$/);
});

test('agents can be created, listed and shown', async () => {
  const agent = await json('agents', 'create', '--name', 'Eve', '--type', 'sales', '--temperature', '0.5');
  expect(agent).toMatchObject({ name: 'Eve', type: 'sales', temperature: 0.5 });
  const { stdout } = await parley('agents', 'list');
  expect(stdout).toMatch(new RegExp(`^${agent.id} +Eve +sales`, 'm'));
  expect(await json('agents', 'show', agent.id)).toMatchObject({ id: agent.id, version: 1 });
});

test('agents can be changed, rolled back and deleted', async () => {
  const { id } = await json('agents', 'create', '--name', 'Eve', '--type', 'sales', '--retention-days', '30');
  const changed = await json('agents', 'update', id, '--system-prompt', 'Be brief.');
  expect(changed).toMatchObject({
    name: 'Eve',
    type: 'sales',
    retentionDays: 30,
    systemPrompt: 'Be brief.',
    version: 2,
  });
  const { stdout } = await parley('agents', 'versions', id);
  expect(stdout).toMatch(/^2 .*Be brief\.$/m);
  const back = await json('agents', 'rollback', id, '1');
  expect(back).toMatchObject({ version: 3, retentionDays: 30 });
  expect(back).not.toHaveProperty('systemPrompt');
  const none = await parley('agents', 'update', id, '--tools', '/nonexistent/tools.json');
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read as JSON') });
  expect(await json('agents', 'delete', id, '--yes')).toEqual({ id, isDeleted: true });
});

test('an agent gets the models of --models and keeps them when other fields change', async () => {
  const models = [
    { provider: 'default', model: 'org/first' },
    { provider: 'default', model: 'second' },
  ];
  const named = ['--models', 'default/org/first', 'default/second'];
  const made = await json('agents', 'create', '--name', 'Eve', '--type', 'sales', ...named);
  expect(made).toMatchObject({ models });
  const { id } = made;
  expect(await json('agents', 'update', id, '--system-prompt', 'Be brief.')).toMatchObject({ models });
  const { stdout } = await parley('agents', 'versions', id);
  expect(stdout).toMatch(/^2 .*default\/org\/first, default\/second/m);
  const single = await json('agents', 'update', id, '--model', 'third');
  expect(single).toMatchObject({ model: 'third' });
  expect(single).not.toHaveProperty('models');
  const several = await json('agents', 'update', id, ...named);
  expect(several).toMatchObject({ models });
  expect(several).not.toHaveProperty('model');
  const malformed = await parley('agents', 'update', id, '--models', 'second');
  expect(malformed).toMatchObject({ code: 2, stderr: expect.stringContaining('provider/model') });
  const unknown = await parley('agents', 'update', id, '--models', 'elsewhere/second');
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain('is not configured on this server');
});

test('usage is summed by user', async () => {
  const user = await makeTeam();
  await user.send((await user.makeChat({ userId: 'user_9' })).id, 'hello');
  const as = { env: { ...env, PARLEY_KEY: user.secretKey } };
  await expect
    .poll(async () => (await runParley(['usage', '--by', 'user'], as)).stdout, { timeout: 30_000 })
    .toMatch(/^USER +ANSWERS +CALLS +TOKENS READ +TOKENS WRITTEN\nuser_9 +1 +1 +\d+ +\d+\n$/);
});

test('keys can be created, listed, rolled and revoked', async () => {
  const made = await parley('keys', 'create', '--kind', 'publishable', '--name', 'Site', '--access', 'guest');
  expect(made.stdout).toMatch(/^pk_live_\S+\n$/);
  const [{ id, visibleStart }] = (await json('keys', 'list')).keys;
  expect(made.stdout).toContain(visibleStart);
  const { stdout } = await parley('keys', 'list');
  expect(stdout).toMatch(new RegExp(`^${id} .*publishable, guest  Site .*works$`, 'm'));
  expect(stdout).not.toContain(made.stdout.trim());

  const rolled = await json('keys', 'roll', id, '--yes', '--overlap-seconds', '0');
  expect(rolled.key).toMatch(/^pk_live_/);
  expect(await json('keys', 'revoke', rolled.id, '--yes')).toEqual({ id: rolled.id, isRevoked: true });
});

test('keys get the scopes, agents, budget and expiry of the options', async () => {
  const { id: agentId } = await json('agents', 'create', '--name', 'Ada', '--type', 'support');
  const issuer = await json('keys', 'create', '--kind', 'secret', '--name', 'Issuer');
  const limited = await json(
    ...['keys', 'create', '--kind', 'secret', '--scope', 'chats:read', 'chats:write'],
    ...['--agent', agentId, '--tokens-per-day', '500', '--expires-at', '2099-01-01T00:00:00.000Z'],
    ...['--key', issuer.key],
  );
  expect(limited).toMatchObject({
    scopes: ['chats:read', 'chats:write'],
    agentIds: [agentId],
    tokensPerDay: 500,
    expiresAt: '2099-01-01T00:00:00.000Z',
    issuedBy: issuer.id,
  });
  await json('keys', 'revoke', issuer.id, '--revoke-issued', '--yes');
  const { keys } = await json('keys', 'list');
  const found = keys.find(({ id }: { id: string }) => id === limited.id);
  expect(found).toHaveProperty('revokedAt');
});

test('the team can be shown and changed', async () => {
  const own = await makeTeam();
  const as = { env: { ...env, PARLEY_KEY: own.secretKey } };
  const changed = await runParley(
    ['team', 'update', '--name', 'Renamed', '--tokens-per-day', '500', '--json'],
    as,
  );
  expect(changed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(changed.stdout)).toMatchObject({ id: own.id, name: 'Renamed', tokensPerDay: 500 });
  const table = await runParley(['team', 'show'], as);
  expect(table.stdout).toMatch(new RegExp(`^${own.id} +Renamed +500$`, 'm'));
  const without = await runParley(['team', 'update', '--tokens-per-day', 'none', '--json'], as);
  expect(without).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(without.stdout)).not.toHaveProperty('tokensPerDay');
  const wrong = await runParley(['team', 'update', '--tokens-per-day', 'many'], as);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('or "none"') });
});

test('signing secrets can be created, listed and revoked', async () => {
  const made = await json('signing-secrets', 'create', '--overlap-seconds', '60');
  expect(made.secret).toMatch(/^ss_live_/);
  const { stdout } = await parley('signing-secrets', 'list');
  expect(stdout).toMatch(new RegExp(`^${made.id} +${made.visibleStart}…`, 'm'));
  expect(stdout).not.toContain(made.secret);
  expect(await json('signing-secrets', 'revoke', made.id, '--yes')).toEqual({ id: made.id, isRevoked: true });
  expect((await json('signing-secrets', 'list')).signingSecrets).toEqual([]);
});

test('users can be blocked, unblocked, signed out and deleted', async () => {
  const { id } = await team.makeChat({ userId: 'user 10' });
  expect(await json('users', 'block', 'user 10', '--yes')).toMatchObject({ userId: 'user 10' });
  expect(await json('users', 'unblock', 'user 10')).toEqual({ userId: 'user 10', isBlocked: false });
  expect(await json('users', 'sign-out', 'user 10', '--yes')).toHaveProperty('signedOutAt');
  const unconfirmed = await parley('users', 'delete', 'user 10');
  expect(unconfirmed).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(await json('users', 'delete', 'user 10', '--yes')).toHaveProperty('status');
  expect((await parley('chats', 'show', id)).code).toBe(4);
});

test('the audit log lists who did what, newest first', async () => {
  const { id } = await json('keys', 'create', '--kind', 'secret');
  const { entries } = await json('audit', '--limit', '1');
  expect(entries).toMatchObject([{ action: 'key.create', targetId: id, outcome: 'done' }]);
  const { stdout } = await parley('audit', '--limit', '1');
  expect(stdout).toMatch(new RegExp(` key\\.create +${id} +done$`, 'm'));
});

test('a table shows the text of users on one line and without control characters', async () => {
  const { id } = await team.makeChat({ userId: 'user_8' });
  await team.trpc.chat.update.mutate({ chatId: id, title: 'red \u001b[31malert\nnext\u202eline' });
  const { stdout } = await parley('chats', 'list', '--user', 'user_8');
  expect(stdout).toContain('  red alert nextline  user_8  ');
});

test.each([
  ['a missing command', [], {}, 2],
  ['an unknown command', ['nonsense'], {}, 2],
  ['an unknown option', ['chats', 'list', '--wrong'], {}, 2],
  ['an invalid number', ['chats', 'list', '--limit', 'many'], {}, 2],
  ['a value that the server rejects', ['chats', 'list', '--limit', '5000'], {}, 2],
  ['a missing login', ['chats', 'list'], { PARLEY_KEY: '' }, 3],
  ['an unknown key', ['chats', 'list'], { PARLEY_KEY: 'sk_live_wrong' }, 3],
  ['a key without permission', ['keys', 'list'], { PARLEY_KEY: team.publishableKey }, 3],
  ['a missing chat', ['messages', 'list', 'chat_none'], {}, 4],
  ['an unreachable server', ['chats', 'list'], { PARLEY_URL: 'http://127.0.0.1:1' }, 5],
] as const)('%s prints a sentence to standard error and sets the exit code', async (_, args, more, code) => {
  const run = await runParley(args, { env: { ...env, ...more } });
  expect(run).toMatchObject({ code, stdout: '' });
  expect(run.stderr.trim()).not.toBe('');
  expect(run.stderr).not.toMatch(/\n\s+at |sk_live_wrong/);
});

test('--help and --version exit with 0', async () => {
  expect(await parley('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  const { code, stdout } = await parley('chat', '--help');
  expect(code).toBe(0);
  expect(stdout).toContain('--message <text>');
});
