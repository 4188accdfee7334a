import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { declarationsOf } from './compile.ts';

const API = '@parley/api';
const FILE = 'app-router.d.ts';
/** The packages that a client may depend on. The others belong to the server. */
const KNOWN_TO_CLIENTS = /^(@parley\/contract|@trpc\/server(\/.*)?)$/;
/** Clients do not need the context and the metadata of procedures, whose types would lead to the database. */
const SERVER_TYPES = /import\("\.\/(?:context|trpc)\.js"\)\.(?:Context|ProcedureMeta)\b/g;

/**
 * Gives a client the router's type without the router: the declaration of `appRouter`, which the compiler has written
 * out in full, comes into the client's own package, and its declarations lead there instead of to `@parley/api`.
 *
 * @throws Error when that declaration leads to anything that a client does not have
 */
export async function giveRouterType(api: string, client: string): Promise<void> {
  const declared = await readFile(join(api, 'dist', FILE), 'utf8');
  const type = declared.replace(SERVER_TYPES, 'object').replace('export declare const', 'declare const');
  for (const [, name = ''] of type.matchAll(/(?:import\(|from )["']([^"']+)["']/g)) {
    if (!KNOWN_TO_CLIENTS.test(name))
      throw new Error(`The router's type needs ${name}, which clients have not.`);
  }
  const dist = join(client, 'dist');
  await writeFile(join(dist, FILE), `${type}export {};\n`);
  for (const file of await declarationsOf(dist)) {
    const text = await readFile(file, 'utf8');
    const path = relative(dirname(file), join(dist, 'app-router.js')).replace(/^(?!\.)/, './');
    await writeFile(file, text.replaceAll(new RegExp(`(['"])${API}\\1`, 'g'), `$1${path}$1`));
  }
}
