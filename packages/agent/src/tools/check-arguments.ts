import { validate } from '@cfworker/json-schema';
import { type JsonObject, toCheckedSchema } from '@parley/contract';
import { ToolFailure } from './tool-failure.ts';

/** The model is told so many mistakes at once, each in so many characters. */
const MISTAKES_MAX = 5;
const MISTAKE_LENGTH_MAX = 200;

/**
 * The arguments that the model wrote, if a tool with these parameters takes them.
 *
 * @throws ToolFailure `invalid_arguments`, which says what is wrong
 */
export function checkArguments(written: string, parameters: JsonObject, lengthMax: number): JsonObject {
  if (written.length > lengthMax) {
    throw invalid(`They may have at most ${lengthMax} characters.`);
  }
  // Some models write nothing where there is nothing to say.
  const value = parse(written.trim() === '' ? '{}' : written);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('They must be one JSON object.');
  }
  const { valid, errors } = validate(value, toCheckedSchema(parameters), '2020-12', {}, false);
  if (valid) return value as JsonObject;
  // Problems of the parts explain a problem of the whole, which is left out.
  const mistakes = errors.filter(({ error }) => !/ had errors\.$|does not match schema\.$/.test(error));
  const told = (mistakes.length > 0 ? mistakes : errors).slice(0, MISTAKES_MAX);
  throw invalid(told.map(({ instanceLocation, error }) => sentenceOf(instanceLocation, error)).join(' '));
}

function parse(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}

function sentenceOf(location: string, error: string): string {
  return `${location}: ${error}`.slice(0, MISTAKE_LENGTH_MAX).toWellFormed();
}

function invalid(detail: string): ToolFailure {
  return new ToolFailure('invalid_arguments', { detail });
}
