import { expect, test } from 'vitest';
import { admin, call, ServerProcess, temporaryFolder } from './server-process.ts';

test('team create joins the running server, and its keys work there at once', async () => {
  const dataDir = await temporaryFolder();
  const server = await ServerProcess.start(dataDir);
  const { code, stdout } = await admin(dataDir, ['team', 'create', 'Second']);
  expect(code).toBe(0);
  const made = JSON.parse(stdout);
  expect(Object.keys(made)).toEqual(['teamId', 'agentId', 'publishableKey', 'guestKey', 'secretKey']);
  const { body } = await call({ url: server.url, secretKey: made.secretKey }, 'GET', '/agent');
  expect(body.agents).toEqual([
    { id: made.agentId, name: 'Assistant', type: 'assistant', accepts: ['text'] },
  ]);
});

test('admin starts the database without a server, and a later server has its teams and keys', async () => {
  const dataDir = await temporaryFolder();
  const team = JSON.parse((await admin(dataDir, ['team', 'create', 'Early'])).stdout);
  const newKey = ['key', 'create', '--team', team.teamId, '--kind', 'publishable', '--access', 'open'];
  const key = JSON.parse((await admin(dataDir, newKey)).stdout);
  expect(key).toMatchObject({ teamId: team.teamId, kind: 'publishable', access: 'open' });
  expect(key.key).toMatch(/^pk_live_/);

  const server = await ServerProcess.start(dataDir);
  const { body } = await call({ url: server.url, secretKey: key.key }, 'GET', '/agent');
  expect(body.agents.map(({ id }: { id: string }) => id)).toEqual([team.agentId]);
  const as = { url: server.url, secretKey: team.secretKey };
  const { keys } = (await call(as, 'GET', '/key')).body;
  expect(keys[0]).toMatchObject({ id: key.id, kind: 'publishable', access: 'open' });
  const [entry] = (await call(as, 'GET', '/audit')).body.entries;
  expect(entry).toMatchObject({
    action: 'key create',
    actor: { kind: 'admin' },
    targetId: key.id,
    details: { kind: 'publishable', access: 'open' },
  });
});

test('admin lists and deletes teams, and imports its exports', async () => {
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
  const as = { url: server.url, secretKey };
  await call(as, 'POST', '/chat', { agentId, userId: 'user 1' });

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
  expect(await verb(['team', 'delete', second.teamId])).toContain('--yes');
  expect(await verb(['team', 'delete', second.teamId, '--yes'])).toMatchObject({ isDeleted: true });
  expect(await verb(['team', 'delete', second.teamId, '--yes'])).toContain(
    `There is no team ${second.teamId}`,
  );
});

test('admin database shows and finishes the migrations of a running server', async () => {
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
  [['key', 'create', '--team', 'team_none', '--kind', 'secret'], 'There is no team team_none.'],
  [['team', 'create', ''], 'a name is needed'],
  [['key', 'create', '--team', 'x', '--kind', 'publishable'], 'needs --access'],
  [['key', 'create', '--team', 'x', '--kind', 'golden'], 'Allowed choices are secret, publishable'],
  [['nonsense'], 'unknown command'],
  [['agent', 'create', '--team', 'x', '--name', 'A'], 'npm run -s parley -- agents --help'],
  [['usage', 'show', '--team', 'x'], 'npm run -s parley -- usage --help'],
])('admin prints an error and exits with 1 for the arguments %j', async (args, sentence) => {
  const { code, stdout, stderr } = await admin(await temporaryFolder(), args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(sentence);
});
