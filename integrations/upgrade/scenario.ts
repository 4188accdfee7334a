import type { Lab } from '../../apps/server/test/crash/lab/lab.ts';
import type { Site } from '../../apps/server/test/crash/lab/site.ts';
import type { OwnServer } from './own-servers.ts';
import type { OwnServerOptions } from './server.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // Each scenario asserts on what it reads.
  // biome-ignore lint/suspicious/noExplicitAny: the answers of two releases have no common type.
  readonly body: any;
}

/** A server of one release, and a team's secret key. */
export interface Server {
  /** How the model knows its calls; absent where nobody asks. */
  readonly name?: string;
  readonly url: string;
  readonly key: string;
  readonly agentId: string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
}

interface CallOptions {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the team's secret key. */
  readonly key?: string;
}

/** The environment of a scenario: `old` is release 0.1.0, `current` this version. */
export interface World {
  readonly old: Server;
  readonly current: Server;
  readonly raw: Lab['raw'];
  readonly model: Lab['model'];
  /** The address of the database that both servers use. */
  readonly mongoUri: string;
  /** A further server of either release, with settings of its own. Where no database is named, it is that of the others. */
  start(release: 'old' | 'current', parts?: OwnSettings): Promise<OwnServer & Server>;
  /** An empty database with a team that the old release made. */
  newDatabase(): Promise<{ readonly mongoUri: string; readonly key: string; readonly agentId: string }>;
}

export type OwnSettings = Partial<Omit<OwnServerOptions, 'checkout'>> &
  Partial<Pick<Server, 'key' | 'agentId'>>;

/**
 * Data of one kind on its way through an upgrade and back. Both servers run on one database throughout. Add one for each
 * change of stored data.
 */
export interface UpgradeScenario {
  /** A sentence that can be read alone. */
  readonly name: string;
  /**
   * The fields that release 0.1.0 does not have and that are stored meanwhile, as `collection.path`, and the values that it
   * does not have in its own fields, as `collection.path=value`.
   */
  readonly fields?: readonly string[];
  /** The test fails with what this throws. */
  run(world: World): Promise<void>;
}

export function serverOf(team: Pick<Lab, 'key' | 'agentId'>, { slot }: Site): Server {
  return { name: slot.name, ...serverAt(team, slot.url) };
}

export function serverAt({ key, agentId }: Pick<Lab, 'key' | 'agentId'>, url: string): Server {
  return {
    ...{ url, key, agentId },
    async call(method, path, { body, headers, key: other } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          'x-api-key': other ?? key,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
    },
  };
}

/** Makes a chat and has a message answered in it. */
export async function chatOf(
  server: Server,
  content: string,
  fields: object = {},
  as: { key?: string; headers?: Record<string, string> } = {},
): Promise<{ id: string; reply: Reply }> {
  const chat = await server.call('POST', '/chat', { body: { agentId: server.agentId, ...fields }, ...as });
  if (chat.status !== 200 && chat.status !== 201) throw new Error(`no chat: ${JSON.stringify(chat.body)}`);
  const { id } = chat.body;
  return { id, reply: await send(server, id, content, as) };
}

export function send(
  server: Server,
  chat: string,
  content: string,
  as: { key?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return server.call('POST', `/chat/${chat}/message`, { body: { content, role: 'user' }, ...as });
}

/** The database that `newDatabase` made, for direct access. */
export function databaseOf({ raw }: Pick<World, 'raw'>, { mongoUri }: { readonly mongoUri: string }) {
  return raw.client.db(new URL(mongoUri).pathname.slice(1));
}

export async function contentsOf(server: Server, chat: string, key?: string): Promise<string[]> {
  const { body } = await server.call('GET', `/chat/${chat}/message`, key === undefined ? {} : { key });
  return body.messages.map(({ content }: { content: string }) => content);
}
