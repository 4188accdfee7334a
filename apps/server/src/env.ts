import type { ModelServer } from '@parley/agent';
import { limits, type ModelChoice } from '@parley/contract';
import { parseEncryptionKey } from '@parley/db';
import { z } from 'zod';
import { parseTrustProxy } from './gate/client-address.ts';
import { readModelList, readProviders } from './model-providers.ts';

const perMinute = z.coerce.number().int().min(0).max(1_000_000);
/** An answer ends after `turnTimeMaxMs` in any case. */
const modelTime = z.coerce.number().int().min(1_000).max(limits.turnTimeMaxMs);
const flag = (text: string) => z.literal(['on', 'off'], { error: `must be ${text}` });

const encryptionKey = z.string().refine((text) => parseEncryptionKey(text) !== undefined, {
  error: 'must be 32 bytes in base64 or hex, as `openssl rand -base64 32` makes them',
});
/** An address with a host, optionally a port, and no path. */
function isOriginUrl(text: string): boolean {
  const url = URL.parse(text);
  return /^https?:\/\//i.test(text) && url !== null && `${url.origin}/` === url.href;
}

/** The environment variables. All are optional; an empty value counts as not set, as compose files write it. */
const variablesSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.data'),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://')
    .optional(),
  /** The key that encrypts signing secrets and tool headers, and the previous key during a rotation. */
  ENCRYPTION_KEY: encryptionKey.optional(),
  ENCRYPTION_KEY_PREVIOUS: encryptionKey.optional(),
  /** `none`: no server of release 0.1.0 works on the database. Asked only where MongoDB does not list its connections. */
  OLDER_SERVERS: z.literal(['unknown', 'none'], { error: 'must be unknown or none' }).default('unknown'),
  /** In `production`, no key is created in a folder that may be temporary. */
  NODE_ENV: z.string().optional(),
  MONGOMS_SYSTEM_BINARY: z.string().optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  OPENAI_MODEL: z.string().optional(),
  /** The API of the model's server: Chat Completions or Responses. */
  OPENAI_API: z.literal(['chat', 'responses'], { error: 'must be chat or responses' }).default('chat'),
  /** Further model servers, which agents name: a JSON list. */
  MODEL_PROVIDERS: z.string().default('[]'),
  /** The models of agents that name none, in order: `provider/model`, comma-separated. */
  DEFAULT_MODELS: z.string().optional(),
  OLLAMA_HOST: z.string().optional(),
  LOCAL_MODEL: flag('on or off').default('on'),
  /** The token budget of the history. Less does not fit one long message; more exceeds every current model. */
  CONTEXT_TOKENS: z.coerce.number().int().min(256).max(2_000_000).default(limits.contextTokensDefault),
  /**
   * The time limits of a model: to the first piece of an answer, between two pieces, and for one step with all its
   * retries.
   */
  MODEL_FIRST_TOKEN_MS: modelTime.optional(),
  MODEL_SILENCE_MS: modelTime.default(limits.modelSilenceMaxMs),
  MODEL_TOTAL_MS: modelTime.default(limits.turnTimeMaxMs),
  /** The audience of the chat page: this machine, everyone who reaches the server, or nobody. */
  WEB_APP: z.literal(['loopback', 'on', 'off'], { error: 'must be loopback, on or off' }).default('loopback'),
  /** The public addresses of the server, comma-separated. The first one is shown to people. */
  PUBLIC_URL: z
    .string()
    .default('')
    .transform((text, context) => {
      const urls = text.split(',').map((part) => part.trim());
      if (text === '') return [];
      const wrong = urls.find((url) => !isOriginUrl(url));
      if (wrong === undefined) return urls.map((url) => new URL(url).origin);
      const message = `must be addresses such as https://chat.example.com, without a path, separated by commas: ${JSON.stringify(wrong)} is none`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }),
  /** The key of the chat page. Default: the first team's own. Every browser that opens the page gets it. */
  WEB_PUBLISHABLE_KEY: z.string().startsWith('pk_', 'must be a publishable key (pk_…)').optional(),
  /** The maximum number of requests per minute of a key family, a user and an address; 0 is no limit. */
  RATE_LIMIT_KEY: perMinute.default(limits.rateLimitKey),
  RATE_LIMIT_USER: perMinute.default(limits.rateLimitUser),
  RATE_LIMIT_ADDRESS: perMinute.default(limits.rateLimitAddress),
  RATE_LIMIT_UNIDENTIFIED: perMinute.default(limits.rateLimitUnidentified),
  RATE_LIMIT_NEW_VISITORS: perMinute.default(limits.rateLimitNewVisitors),
  RATE_LIMIT_FILES: perMinute.default(limits.rateLimitFiles),
  /** `RATE_LIMIT_KEY` for one kind of keys. */
  RATE_LIMIT_PUBLISHABLE: perMinute.optional(),
  RATE_LIMIT_SECRET: perMinute.optional(),
  /** The maximum number of running answers in this process. As many again can wait. */
  RUNNING_ANSWERS_MAX: z.coerce.number().int().min(1).max(100_000).default(limits.runningTurnsMax),
  /** The maximum number of unfinished answers of a user, and of a team without a limit of its own; 0 is no limit. */
  CONCURRENT_TURNS: z.coerce.number().int().min(0).max(1_000_000).default(0),
  CONCURRENT_TURNS_USER: z.coerce.number().int().min(0).max(1_000_000).default(limits.concurrentTurnsUser),
  /** The storage of one team for files, in MiB. */
  TEAM_FILES_MIB: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(limits.teamFilesBytesMax / 1024 / 1024),
  /** The maximum number of open streams in one process; 0 is no limit. */
  STREAMS_MAX: z.coerce.number().int().min(0).max(1_000_000).default(limits.streamsMax),
  /** The maximum number of connections of this process. Further ones are closed. */
  CONNECTIONS_MAX: z.coerce.number().int().min(1).max(1_000_000).default(limits.connectionsMax),
  /** The trusted proxies: their number, or their addresses and networks. */
  TRUST_PROXY: z
    .string()
    .default('off')
    .transform((text, context) => {
      try {
        return parseTrustProxy(text);
      } catch (error) {
        const message = `must be off, a number of proxies, or their addresses: ${error instanceof Error ? error.message : ''}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
    }),
  /** Whether tools may have private addresses, and be called without TLS. */
  TOOLS_PRIVATE_ADDRESSES: flag('on or off').default('off'),
  /** The private port for Prometheus metrics. Without it, the server serves none. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().default('127.0.0.1'),
  /** The part of clients' addresses in the log. */
  LOG_ADDRESSES: z
    .literal(['full', 'network', 'off'], { error: 'must be full, network or off' })
    .default('full'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** A public chat page needs its own address, because a request can name any host. */
const envSchema = variablesSchema.superRefine(({ WEB_APP, PUBLIC_URL }, context) => {
  if (WEB_APP !== 'on' || PUBLIC_URL.length > 0) return;
  const message =
    'must be set when WEB_APP is on: the address under which people open the chat page, such as https://chat.example.com';
  context.addIssue({ code: 'custom', path: ['PUBLIC_URL'], message });
});

/** The settings of the server, validated and with their defaults. */
export type Env = Omit<z.infer<typeof envSchema>, 'MODEL_PROVIDERS' | 'DEFAULT_MODELS'> & {
  readonly MODEL_PROVIDERS: ReadonlyMap<string, ModelServer>;
  readonly DEFAULT_MODELS: readonly ModelChoice[] | undefined;
};

/**
 * Reads and validates the environment. No other code reads it.
 *
 * @throws Error with a line for each invalid variable
 */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = envSchema.safeParse(set);
  if (parsed.success) return withModels(parsed.data, set);
  throw unusable(parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`));
}

/** The keys of providers are in further variables, or in files. */
function withModels(env: z.infer<typeof envSchema>, source: NodeJS.ProcessEnv): Env {
  const MODEL_PROVIDERS = readSetting('MODEL_PROVIDERS', () => readProviders(env.MODEL_PROVIDERS, source));
  const { DEFAULT_MODELS: text } = env;
  const names = new Set(MODEL_PROVIDERS.keys());
  const DEFAULT_MODELS =
    text === undefined ? undefined : readSetting('DEFAULT_MODELS', () => readModelList(text, names));
  return { ...env, MODEL_PROVIDERS, DEFAULT_MODELS };
}

function readSetting<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw unusable([`  ${name}: ${error instanceof Error ? error.message : ''}`]);
  }
}

function unusable(lines: readonly string[]): Error {
  return new Error(`The environment cannot be used:\n${lines.join('\n')}`);
}
