import { ApiError, DEFAULT_PROVIDER, type ModelChoice } from '@parley/contract';

interface SentModels {
  readonly model?: string | undefined;
  readonly models?: readonly ModelChoice[] | undefined;
}

/**
 * Checks the models of an agent: only one of the two fields is given, and all providers are configured.
 *
 * @throws ApiError `invalid_input`
 */
export function checkModels({ model, models }: SentModels, providers: ReadonlySet<string> = NONE): void {
  if (!models) return;
  if (model !== undefined) reject('models', 'must not be sent with `model`. Send one of them');
  for (const [index, { provider }] of models.entries()) {
    if (provider === DEFAULT_PROVIDER || providers.has(provider)) continue;
    const names = [DEFAULT_PROVIDER, ...providers].join(', ');
    reject(`models.${index}.provider`, `is not configured on this server. Use one of: ${names}`);
  }
}

const NONE: ReadonlySet<string> = new Set();

function reject(path: string, message: string): never {
  throw new ApiError('invalid_input', { issues: [{ path, message }] });
}
