import { expect, test } from 'vitest';
import { admin, call, ServerProcess, temporaryFolder } from './server-process.ts';

test('team create joins the running server: its keys work there at once', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const { code, stdout } = await admin(dataDir, ['team', 'create', 'Second']);
  expect(code).toBe(0);
  const made = JSON.parse(stdout);
  expect(Object.keys(made)).toEqual(['teamId', 'agentId', 'publishableKey', 'guestKey', 'secretKey']);
  const { body } = await call({ url: server.url, secretKey: made.secretKey }, 'GET', '/agent');
  expect(body.agents).toEqual([{ id: made.agentId, name: 'Assistant', type: 'assistant' }]);
});

test('without a running server it starts the database for the moment; what it made is there later', async () => {
  const dataDir = await temporaryFolder();
  const team = JSON.parse((await admin(dataDir, ['team', 'create', 'Early'])).stdout);
  const agent = JSON.parse(
    (await admin(dataDir, ['agent', 'create', '--team', team.teamId, '--name', 'Ada', '--type', 'support']))
      .stdout,
  );
  const key = JSON.parse(
    (
      await admin(dataDir, [
        ...['key', 'create', '--team', team.teamId],
        ...['--kind', 'publishable', '--access', 'open'],
      ])
    ).stdout,
  );
  expect(key.key).toMatch(/^pk_live_/);

  const server = await ServerProcess.start(dataDir);
  const { body } = await call({ url: server.url, secretKey: key.key }, 'GET', '/agent');
  expect(body.agents.map(({ id }: { id: string }) => id)).toEqual([team.agentId, agent.agentId]);

  const of = ['--team', team.teamId];
  const verb = async (...args: string[]) =>
    JSON.parse((await admin(dataDir, ['key', ...args, ...of])).stdout);
  const rolled = await verb('roll', key.id, '--overlap-seconds', '0');
  expect(rolled.key).toMatch(/^pk_live_/);
  expect(await verb('revoke', rolled.id)).toMatchObject({ id: rolled.id, isRevoked: true });
  const { keys } = await verb('list');
  expect(keys).toHaveLength(5);
  expect(keys[0]).toMatchObject({ id: rolled.id, revokedAt: expect.any(String) });
  expect(JSON.stringify(keys)).not.toContain(rolled.key);
});

test('agents and signing secrets: each verb does what it says', async () => {
  const dataDir = await temporaryFolder();
  // With a server there is a database: no verb starts one for itself.
  await ServerProcess.start(dataDir);
  const team = JSON.parse((await admin(dataDir, ['team', 'create', 'Verbs'])).stdout);
  const verb = async (...args: string[]) => {
    const { stdout, stderr } = await admin(dataDir, [...args, '--team', team.teamId]);
    return stdout === '' ? stderr : JSON.parse(stdout);
  };
  const { agentId } = team;
  expect(await verb('agent', 'update', agentId, '--system-prompt', 'Answer in one line.')).toMatchObject({
    id: agentId,
    name: 'Assistant',
    systemPrompt: 'Answer in one line.',
    version: 2,
  });
  expect(await verb('agent', 'rollback', agentId, '1')).toMatchObject({ version: 3 });
  const shown = await verb('agent', 'get', agentId);
  expect(shown).not.toHaveProperty('systemPrompt');
  expect(shown.versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1]);
  expect(await verb('agent', 'delete', agentId)).toMatchObject({ agentId, isDeleted: true });
  expect(await verb('agent', 'get', agentId)).toContain('The agent was not found');

  const made = await verb('signing-secret', 'create', '--overlap-seconds', '60');
  expect(made.secret).toMatch(/^ss_live_/);
  expect((await verb('signing-secret', 'list')).signingSecrets).toHaveLength(1);
  expect(await verb('signing-secret', 'revoke', made.id)).toMatchObject({ isRevoked: true });
  expect((await verb('signing-secret', 'list')).signingSecrets).toEqual([]);
});

test('teams, usage and data: each verb does what it says; an export goes where it is imported', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const verb = async (args: string[], input?: string) => {
    const { stdout, stderr } = await admin(dataDir, args, {}, input);
    return stdout === '' ? stderr : JSON.parse(stdout);
  };
  const { teamId, agentId, secretKey } = await verb(['team', 'create', 'First']);
  const second = await verb(['team', 'create', 'Second']);
  const listed = (await verb(['team', 'list'])).teams.map(({ id }: { id: string }) => id);
  expect(listed).toEqual(expect.arrayContaining([teamId, second.teamId]));
  expect(
    await verb(['team', 'update', teamId, '--name', 'Renamed', '--tokens-per-day', '500']),
  ).toMatchObject({
    ...{ id: teamId, name: 'Renamed', tokensPerDay: 500 },
  });
  expect(await verb(['team', 'update', teamId, '--tokens-per-day', 'none'])).not.toHaveProperty(
    'tokensPerDay',
  );
  expect(await verb(['team', 'get', teamId])).toMatchObject({ id: teamId, name: 'Renamed' });
  expect(await verb(['usage', 'show', '--team', teamId, '--group-by', 'agent'])).toMatchObject({
    ...{ teamId, groupBy: 'agent', usage: [] },
  });
  const as = { url: server.url, secretKey };
  const chat = await call(as, 'POST', '/chat', { agentId, userId: 'user 1' });

  const { stdout: exported } = await admin(dataDir, ['data', 'export', '--team', teamId]);
  expect(
    exported
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type),
  ).toEqual([...['parley-export', 'agent', 'chat', 'end']]);
  const imported = ['data', 'import', '--team'];
  expect((await verb([...imported, teamId], exported)).alreadyThere).toMatchObject({ agents: 1, chats: 1 });
  expect(await verb([...imported, second.teamId], exported)).toMatch(/^Line 2: .*another team/);
  expect(await verb(['data', 'delete-user', 'user 1', '--team', teamId])).toMatchObject({ isFinished: true });
  expect((await call(as, 'GET', `/chat/${chat.body.id}`)).status).toBe(404);
  expect(await verb(['team', 'delete', second.teamId])).toContain('--yes');
  expect(await verb(['team', 'delete', second.teamId, '--yes'])).toMatchObject({ isDeleted: true });
  expect(await verb(['team', 'get', second.teamId])).toContain(`There is no team ${second.teamId}`);
});

test('database status and migrate: one shows what the other does, beside a running server', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const status = async () => JSON.parse((await admin(dataDir, ['database', 'status'])).stdout);
  await expect.poll(async () => (await status()).pendingSteps, { timeout: 60_000 }).toEqual([]);
  const before = await status();
  const { software } = before;
  expect(before).toMatchObject({
    ...{ schemaVersion: software.schemaVersion, minimumSchemaVersion: software.schemaVersion },
    ...{ indexChanges: [], indexBuilds: [], unversionedConnections: 0 },
    servers: [{ software: software.version, schemaVersion: software.schemaVersion }],
  });
  const { code, stdout, stderr } = await admin(dataDir, ['database', 'migrate', '--again']);
  expect({ code, status: JSON.parse(stdout) }).toMatchObject({ code: 0, status: { pendingSteps: [] } });
  expect(stderr).toContain('a migration step has finished');
  await server.stop();
});

test.each([
  [['agent', 'create', '--team', 'team_none', '--name', 'A', '--type', 't'], 'There is no team team_none.'],
  [['team', 'create', ''], 'a name is needed'],
  [['key', 'create', '--team', 'x', '--kind', 'secret', '--origin', 'a page'], 'must be an origin'],
  [['key', 'create', '--team', 'x', '--kind', 'golden'], 'Allowed choices are secret, publishable'],
  [['nonsense'], 'unknown command'],
])('a mistake is one sentence on standard error and exit code 1: %j', async (args, sentence) => {
  const { code, stdout, stderr } = await admin(await temporaryFolder(), args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(sentence);
});
