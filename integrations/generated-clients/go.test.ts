import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectRejected, expectSixOperations, startTeamServer } from '../support/generated-client.ts';
import { openProject, succeeded } from '../support/project.ts';
import { findGo } from '../support/toolchains.ts';

/* oapi-codegen, with the document as the server serves it. */

const { env } = await startTeamServer();
const project = await openProject('openapi-go');
const { command: go } = await findGo(project);
const document = await (await fetch(`${env.PARLEY_URL}/openapi.json`)).text();
await writeFile(join(project.folder, 'openapi.json'), document);
succeeded(await project.run('mkdir', ['parley']));
succeeded(await project.run(go, ['tool', 'oapi-codegen', '-config', 'oapi-codegen.yaml', 'openapi.json']));

test('the client compiles, and vet finds nothing; a wrong field name does not compile', async () => {
  succeeded(await project.run(go, ['build', '-o', 'program', '.']));
  succeeded(await project.run(go, ['vet', './...']));
  const { code, stderr } = await project.run(go, ['vet', '-tags', 'wrong', './wrong']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('unknown field AgentID');
});

test('the Go client runs the six operations', async () => {
  expectSixOperations(await project.run('./program', [], { env }));
});

test('a rejection comes with its code', async () => {
  expectRejected(await project.run('./program', [], { env: { ...env, PARLEY_KEY: 'sk_live_no' } }));
});
