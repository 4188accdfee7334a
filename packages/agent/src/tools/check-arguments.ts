import { validate } from '@cfworker/json-schema';
import { type JsonObject, toCheckedSchema } from '@parley/contract';
import { ToolFailure } from './tool-failure.ts';

/** The maximum number and length of the mistakes that the model gets. */
const MISTAKES_MAX = 5;
const MISTAKE_LENGTH_MAX = 200;

/**
 * Parses the arguments that the model wrote, and checks them against the parameters of the tool.
 *
 * @throws ToolFailure `invalid_arguments`, which describes the mistakes
 */
export function checkArguments(written: string, parameters: JsonObject, lengthMax: number): JsonObject {
  if (written.length > lengthMax) {
    throw invalid(`They may have at most ${lengthMax} characters.`);
  }
  // Some models write an empty text instead of an empty object.
  const value = parse(written.trim() === '' ? '{}' : written);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('They must be one JSON object.');
  }
  const { valid, errors } = validate(value, toCheckedSchema(parameters), '2020-12', {}, false);
  if (valid) return value as JsonObject;
  // The errors of the parts explain the error of the whole, which is left out.
  const mistakes = errors.filter(({ error }) => !/ had errors\.$|does not match schema\.$/.test(error));
  const reported = (mistakes.length > 0 ? mistakes : errors).slice(0, MISTAKES_MAX);
  throw invalid(reported.map(({ instanceLocation, error }) => sentenceOf(instanceLocation, error)).join(' '));
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
