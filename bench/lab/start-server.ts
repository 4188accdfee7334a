import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { listen } from './listen.ts';

/** The keys and ids that the first start has created and stored. */
export interface ServerAccess {
  readonly url: string;
  readonly teamId: string;
  readonly agentId: string;
  readonly secretKey: string;
}

/** High enough to reject nothing: what counting costs is measured with the rest. */
export const HIGH_LIMITS = {
  RATE_LIMIT_SECRET: '1000000',
  RATE_LIMIT_PUBLISHABLE: '1000000',
  CONCURRENT_TURNS: '0',
};

const START_MAX_MS = 30_000;
const REPORT_ON_ITSELF = new URL('./report-on-itself.ts', import.meta.url);
const MAIN = new URL('../../apps/server/src/main.ts', import.meta.url);

/** Starts the real server, as `npm start` does, and waits until it answers. */
export async function startServer(options: {
  /** Distinguishes the servers of a run. */
  readonly name: string;
  readonly folder: string;
  readonly mongodbUri: string;
  readonly modelUrl: string;
  /** Changes the server for the run. */
  readonly preload: readonly URL[];
  /** Beside where its database and its model are. */
  readonly env: Readonly<Record<string, string>>;
}): Promise<{ child: Child; dataDir: string; access: ServerAccess }> {
  const { name, folder, mongodbUri, modelUrl, preload, env } = options;
  const port = await freePort();
  const dataDir = join(folder, name);
  const child = startChild({
    name: `the server (${name})`,
    file: MAIN,
    preload: [REPORT_ON_ITSELF, ...preload],
    logPath: join(folder, `${name}.log`),
    env: {
      PORT: String(port),
      DATA_DIR: dataDir,
      MONGODB_URI: mongodbUri,
      OPENAI_BASE_URL: modelUrl,
      OPENAI_API_KEY: 'bench',
      OPENAI_MODEL: 'scripted',
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(child, `${url}/readyz`);
    const credentials = await readFile(join(dataDir, 'credentials.json'), 'utf8');
    return { child, dataDir, access: { ...(JSON.parse(credentials) as ServerAccess), url } };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function untilReady(child: Child, url: string): Promise<void> {
  const deadline = performance.now() + START_MAX_MS;
  for (;;) {
    // A server that ended by itself is noticed here.
    await child.ask('cpu');
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    if (performance.now() > deadline) throw new Error('The server does not become ready.');
    await delay(50);
  }
}

async function freePort(): Promise<string> {
  const server = createServer();
  const { port } = new URL(await listen(server));
  await new Promise((resolve) => server.close(resolve));
  return port;
}
