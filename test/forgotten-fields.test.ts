import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

/*
 * A new field of a chat or a turn must be considered wherever it could be lost or outlive a deletion. This compiles a copy
 * of the sources with new fields that nothing else mentions.
 */

const root = resolve(import.meta.dirname, '..');

/** A new field: the line of the source after which it stands, and the places that must not compile without it. */
const fields = [
  {
    field: 'newStoredField?: string;',
    file: 'packages/db/src/chat/chat-model.ts',
    after: 'export interface ChatDocument {\n',
    places: ['chat-model.ts chatSchema', 'chat-model.ts onDeletion', 'chat-model.ts toChatDocument'],
  },
  {
    field: 'readonly newChatField?: string;',
    file: 'packages/db/src/chat/chat-records.ts',
    after: 'export interface ChatRecord {\n',
    places: ['chat-model.ts fromChatLine', 'chat-model.ts newChatRecord', 'chat-model.ts toChatRecord'],
  },
  {
    field: 'newChatLineField: z.string().optional(),',
    file: 'packages/contract/src/transfer.ts',
    after: "  type: z.literal('chat'),\n",
    places: ['chat-model.ts toChatLine'],
  },
  {
    field: 'newTurnField?: string;',
    file: 'packages/db/src/turn/turn-model.ts',
    after: 'export interface TurnDocument {\n',
    places: ['turn-document.ts toDocument', 'turn-model.ts turnSchema', 'turn-transfer.ts fromTurnLine'],
  },
  {
    field: 'newTurnLineField: z.string().optional(),',
    file: 'packages/contract/src/transfer.ts',
    after: "  type: z.literal('turn'),\n",
    places: ['turn-transfer.ts toTurnLine'],
  },
];

test('a field of a chat or a turn that is forgotten in its deletion or its export does not compile', async () => {
  const copy = await copySources();
  for (const { field, file, after } of fields) {
    const source = await readFile(join(copy, file), 'utf8');
    expect(source.split(after), `${file} contains the line once`).toHaveLength(2);
    await writeFile(join(copy, file), source.replace(after, `${after}  ${field}\n`));
  }
  const errors = await compile(copy);
  for (const { field, places } of fields) {
    const name = /new\w+/.exec(field)?.[0] ?? '';
    expect(await placesOf(errors, name, copy), name).toEqual(places);
  }
}, 180_000);

/** Copies the stores and the contract to a folder of their own. */
async function copySources(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'parley-forgotten-fields-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  for (const name of ['contract', 'db'])
    await cp(join(root, 'packages', name, 'src'), join(copy, 'packages', name, 'src'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await writeFile(join(copy, 'package.json'), JSON.stringify({ type: 'module' }));
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { paths: { '@parley/contract': ['./packages/contract/src/index.ts'] } },
    files: ['chat-model', 'turn-document', 'turn-transfer'].map(
      (name) => `packages/db/src/${name.split('-')[0]}/${name}.ts`,
    ),
  };
  await writeFile(join(copy, 'tsconfig.json'), JSON.stringify(config));
  return copy;
}

/** The errors that the compiler reports, one a line. */
async function compile(folder: string): Promise<readonly string[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [compiler, '--pretty', 'false', '-p', folder], { cwd: folder }, (_, stdout) =>
      done(stdout),
    );
  });
  return output.split('\n').filter((line) => line.includes(': error '));
}

/** The declarations in which a field is missing. */
async function placesOf(errors: readonly string[], field: string, folder: string): Promise<string[]> {
  const missing = errors.filter((error) => error.includes(`Property '${field}' is missing`));
  const places = missing.map(async (error) => {
    const [, path = '', line = ''] = /^(.+)\((\d+),/.exec(error) ?? [];
    const before = (await readFile(join(folder, path), 'utf8')).split('\n').slice(0, Number(line));
    const declared = before.findLast((text) => /^(export )?(const|function) /.test(text)) ?? '';
    return `${path.split('/').at(-1)} ${/(?:const|function) (\w+)/.exec(declared)?.[1]}`;
  });
  return (await Promise.all(places)).sort();
}
