import { readFileSync } from 'node:fs';
import type { ModelServer } from '@parley/agent';
import {
  DEFAULT_PROVIDER,
  limits,
  type ModelChoice,
  nameOfModelChoice,
  PROVIDER_NAME,
  parseModelChoice,
} from '@parley/contract';
import { z } from 'zod';

/** No operator writes a longer list. */
const PROVIDERS_MAX = 50;

/** Whether a text is the address of an API. It must not contain credentials, because logs contain it. */
function isApiUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

const providerSchema = z
  .strictObject({
    name: z
      .string()
      .regex(PROVIDER_NAME, 'must be lower-case letters, digits and hyphens, at most 32')
      .refine((name) => name !== DEFAULT_PROVIDER, 'is the name of the provider that OPENAI_* configures'),
    baseUrl: z.string().refine(isApiUrl, 'must be an http(s) address without credentials'),
    /** The variable that contains the key, or the file. A server may need none. */
    apiKeyEnv: z.string().min(1).optional(),
    apiKeyFile: z.string().min(1).optional(),
    api: z.literal(['chat', 'responses'], { error: 'must be chat or responses' }).default('chat'),
  })
  .refine(({ apiKeyEnv, apiKeyFile }) => apiKeyEnv === undefined || apiKeyFile === undefined, {
    error: 'must name one of apiKeyEnv and apiKeyFile',
  });

const providersSchema = z
  .array(providerSchema)
  .max(PROVIDERS_MAX)
  .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, {
    error: 'must name each provider once',
  });

/**
 * Reads the providers of `MODEL_PROVIDERS`, a JSON list, with their keys.
 *
 * @throws Error with a sentence for the operator, which holds no key
 */
export function readProviders(text: string, source: NodeJS.ProcessEnv): ReadonlyMap<string, ModelServer> {
  const parsed = providersSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error([issue?.path.join('.'), issue?.message].filter((part) => part).join(': '));
  }
  return new Map(
    parsed.data.map(({ name, baseUrl, api, apiKeyEnv, apiKeyFile }) => {
      const apiKey = readKey(name, apiKeyEnv, apiKeyFile, source);
      return [name, { baseUrl, api, apiKey }];
    }),
  );
}

/**
 * Reads a list of models, as `DEFAULT_MODELS` has it: `provider/model`, separated by commas.
 *
 * @throws Error with a sentence for the operator
 */
export function readModelList(text: string, providers: ReadonlySet<string>): readonly ModelChoice[] {
  const choices = text.split(',').map((part) => toChoice(part.trim(), providers));
  if (choices.length > limits.agentModelsMax) throw new Error(`must name at most ${limits.agentModelsMax}`);
  if (new Set(choices.map(nameOfModelChoice)).size < choices.length)
    throw new Error('must name each model once');
  return choices;
}

function toChoice(text: string, providers: ReadonlySet<string>): ModelChoice {
  const choice = parseModelChoice(text);
  if (!choice) throw new Error(`must be provider/model, separated by commas: ${JSON.stringify(text)} is not`);
  const { provider } = choice;
  if (provider !== DEFAULT_PROVIDER && !providers.has(provider)) {
    throw new Error(`names the provider ${JSON.stringify(provider)}, which MODEL_PROVIDERS does not`);
  }
  return choice;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('must be a JSON list of providers');
  }
}

function readKey(
  name: string,
  variable: string | undefined,
  file: string | undefined,
  source: NodeJS.ProcessEnv,
): string {
  if (variable !== undefined) {
    const key = source[variable];
    if (!key) throw new Error(`the provider ${name} has its key in ${variable}, which is not set`);
    return key;
  }
  if (file === undefined) return '';
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Error(`the provider ${name} has its key in ${file}, which cannot be read`);
  }
}
