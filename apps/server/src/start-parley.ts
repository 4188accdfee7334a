import { isIP } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PROVIDER, limits, nameOfModelChoice } from '@parley/contract';
import { compose } from './compose.ts';
import { credentialsFile } from './credentials.ts';
import { oncePerDocument } from './encryption-keys.ts';
import type { Env } from './env.ts';
import { ensureFirstTeam, type StartCredentials } from './first-start.ts';
import type { Log } from './log.ts';
import { createMetrics, serveMetrics } from './metrics.ts';
import { watchModel } from './model-health/probe-model.ts';
import { chooseModel } from './model-source.ts';
import { openDatabase, type Say } from './open-database.ts';
import { isLoopbackAddress } from './routes/loopback.ts';
import { isBuilt, type WebApp } from './routes/web.ts';
import { startPage } from './start-page.ts';
import type { Running } from './until-stopped.ts';
import { version } from './version.ts';

/**
 * Starts the whole server from its environment: database, first team, model, turns, routes. What was started is
 * stopped in reverse order, also when a later step fails or `signal` aborts the start.
 *
 * @throws Error with a sentence for the operator
 */
export async function startParley(env: Env, log: Log, say: Say, signal: AbortSignal): Promise<Running> {
  await using owned = new AsyncDisposableStack();
  const onUnreadable = oncePerDocument(({ team, document, keyId }) =>
    log.error({ team, document, keyId }, 'a stored secret cannot be read: another key encrypted it'),
  );
  const { uri, description, database, close } = await openDatabase(env, say, signal, { onUnreadable });
  owned.defer(close);
  signal.throwIfAborted();
  if (!(await database.encryption.isOn())) say(database.encryption.hasKey ? NOT_YET : NOT_ENCRYPTED);

  const file = credentialsFile(env.DATA_DIR);
  const start = await ensureFirstTeam(database.stores, file, { url: urlOf(env, env.PORT), mongodbUri: uri });
  const model = await chooseModel({
    apiKey: env.OPENAI_API_KEY,
    baseUrl: env.OPENAI_BASE_URL,
    model: env.OPENAI_MODEL ?? firstModelAt(env, DEFAULT_PROVIDER),
    api: env.OPENAI_API,
    isNeeded: isDefaultProviderNeeded(env),
    ollamaHost: env.OLLAMA_HOST,
    isLocalModelAllowed: env.LOCAL_MODEL === 'on',
    dataDir: env.DATA_DIR,
    firstTokenMs: env.MODEL_FIRST_TOKEN_MS,
    ownPorts: [env.PORT],
    onProgress: say,
  });
  owned.defer(() => model.stop());
  signal.throwIfAborted();

  const web = webAppOf(env, start);
  const webKey = web?.publishableKey && (await database.stores.apiKeys.find(web.publishableKey));
  const rateLimits = {
    publishable: env.RATE_LIMIT_PUBLISHABLE ?? env.RATE_LIMIT_KEY,
    secret: env.RATE_LIMIT_SECRET ?? env.RATE_LIMIT_KEY,
    user: env.RATE_LIMIT_USER,
    address: env.RATE_LIMIT_ADDRESS,
    unidentified: env.RATE_LIMIT_UNIDENTIFIED,
    newVisitors: env.RATE_LIMIT_NEW_VISITORS,
    files: env.RATE_LIMIT_FILES,
  };
  const metrics = env.METRICS_PORT === undefined ? undefined : createMetrics();
  const composition = await compose({
    database,
    model,
    log,
    logAddresses: env.LOG_ADDRESSES,
    providers: env.MODEL_PROVIDERS,
    defaultModels: env.DEFAULT_MODELS,
    contextTokens: env.CONTEXT_TOKENS,
    web,
    rateLimits,
    streamLimits: { perProcess: env.STREAMS_MAX },
    teamFilesBytesMax: env.TEAM_FILES_MIB * 1024 * 1024,
    turnLimits: { team: env.CONCURRENT_TURNS, user: env.CONCURRENT_TURNS_USER },
    bounds: { runningTurnsMax: env.RUNNING_ANSWERS_MAX },
    agentBounds: {
      firstPieceMaxMs: env.MODEL_FIRST_TOKEN_MS ?? limits.modelFirstPieceMaxMs,
      silenceMaxMs: env.MODEL_SILENCE_MS,
      stepTimeMaxMs: env.MODEL_TOTAL_MS,
    },
    docsFolder: DOCS_FOLDER,
    publicUrls: env.PUBLIC_URL,
    trustProxy: env.TRUST_PROXY,
    connections: { max: env.CONNECTIONS_MAX },
    toolAddresses: { arePrivateAllowed: env.TOOLS_PRIVATE_ADDRESSES === 'on' },
    metrics,
  });
  let forced: AbortSignal | undefined;
  owned.defer(() => composition.close(limits.drainMs, forced));
  if (metrics) {
    const served = await serveMetrics(metrics, { host: env.METRICS_HOST, port: env.METRICS_PORT ?? 0 });
    owned.defer(() => served.close());
    log.info({ url: served.url }, 'metrics are served');
  }
  const port = await listen(composition.app, env);
  const url = urlOf(env, port);
  if (start.kind !== 'elsewhere' && start.credentials.url !== url)
    await file.write({ ...start.credentials, url });
  const credentialsPath = join(env.DATA_DIR, 'credentials.json');
  const chat = web && (isBuilt(web.folder) ? 'served' : 'not built');
  say(
    startPage({
      version,
      url,
      chat,
      database: description,
      model: describeModels(env) ?? model.description,
      start,
      credentialsPath,
      isTerminal: process.stderr.isTTY === true,
      needsTrustProxy: env.TRUST_PROXY === false && !isThisMachine(env.HOST),
      isChatKeyOpen: webKey ? webKey.access === 'open' : false,
    }),
  );

  const watching = new AbortController();
  owned.defer(() => watching.abort());
  const probed = [
    { provider: DEFAULT_PROVIDER, endpoint: model.endpoint, server: model.server },
    ...[...env.MODEL_PROVIDERS].map(([provider, server]) => ({
      provider,
      endpoint: () => ({ ...server, model: firstModelAt(env, provider) }),
      server: undefined,
    })),
  ];
  for (const { provider, ...target } of probed) {
    const health = composition.modelHealth.of(provider);
    // If no default model is at the default provider, that provider need not be configured.
    if (!health || (provider === DEFAULT_PROVIDER && !isDefaultProviderNeeded(env))) continue;
    void watchModel({
      ...{ ...target, health, signal: watching.signal },
      onProblem({ code, message }) {
        log.error({ code, provider }, 'the model cannot be used');
        say(`The model cannot be used. ${message}`);
      },
    }).catch((error: unknown) => log.error({ error }, 'the model is no longer watched'));
  }

  const kept = owned.move();
  return {
    async stop(force) {
      forced = force;
      await kept.disposeAsync();
    },
  };
}

/** If all default models are at other providers, the server neither searches for nor downloads one. */
function isDefaultProviderNeeded({ DEFAULT_MODELS }: Env): boolean {
  return DEFAULT_MODELS?.every(({ provider }) => provider !== DEFAULT_PROVIDER) !== true;
}

function firstModelAt({ DEFAULT_MODELS }: Env, at: string): string | undefined {
  return DEFAULT_MODELS?.find(({ provider }) => provider === at)?.model;
}

function describeModels({ DEFAULT_MODELS }: Env): string | undefined {
  const names = DEFAULT_MODELS?.map(nameOfModelChoice);
  return names && `${names.join(', then ')}, as DEFAULT_MODELS says.`;
}

const NOT_ENCRYPTED =
  'Signing secrets and the headers of tools are stored in clear. Set ENCRYPTION_KEY, the same for every server, to have ' +
  'them encrypted (docs/operate.md).';
const NOT_YET =
  'Signing secrets and the headers of tools are stored in clear; they are encrypted once no server of an earlier version ' +
  'is connected.';

/** The folder of the build of apps/web. */
const WEB_FOLDER = fileURLToPath(new URL('../../web/dist', import.meta.url));
/** The folder of the build of apps/docs. */
const DOCS_FOLDER = fileURLToPath(new URL('../../docs/dist', import.meta.url));

function webAppOf({ WEB_APP, WEB_PUBLISHABLE_KEY }: Env, start: StartCredentials): WebApp | undefined {
  if (WEB_APP === 'off') return undefined;
  const own = start.kind === 'elsewhere' ? undefined : start.credentials.webKey;
  return {
    folder: WEB_FOLDER,
    audience: WEB_APP === 'on' ? 'everyone' : 'this machine',
    publishableKey: WEB_PUBLISHABLE_KEY ?? own,
  };
}

async function listen(
  app: { listen(options: { host: string; port: number }): Promise<string>; server: { address(): unknown } },
  { HOST: host, PORT: port }: Env,
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new Error(`Port ${port} is taken. Stop what uses it, or choose another with PORT.`, {
        cause: error,
      });
    }
    throw error;
  }
  const address = app.server.address();
  return typeof address === 'object' && address && 'port' in address ? Number(address.port) : port;
}

/** Returns whether only this machine reaches a server that listens on this address. */
function isThisMachine(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && isLoopbackAddress(host));
}

/**
 * Returns the address at which this machine reaches the server. An address that means all interfaces cannot be
 * called.
 */
function urlOf({ HOST }: Env, port: number): string {
  const isAny = HOST === '0.0.0.0' || HOST === '::';
  const host = isAny ? '127.0.0.1' : HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
