import type { ErrorCode } from '@parley/contract';
import type { TurnDocument } from './turn-model.ts';

/** Codes that release 0.1.0 does not know, each with the code that it reads instead while both versions run. */
const codesForOlderRelease: Partial<Record<ErrorCode, ErrorCode>> = {
  model_key_refused: 'model_refused',
  model_not_found: 'model_refused',
  model_unreachable: 'model_failed',
};

type ErrorFields = Pick<TurnDocument, 'errorCode' | 'exactErrorCode'>;

/** The fields of a turn that hold its error code. */
export function toErrorFields(code: ErrorCode | undefined): ErrorFields {
  if (code === undefined) return {};
  const older = codesForOlderRelease[code];
  return older ? { errorCode: older, exactErrorCode: code } : { errorCode: code };
}

/** The error code that a turn's fields hold. */
export function fromErrorFields({ errorCode, exactErrorCode }: ErrorFields): ErrorCode | undefined {
  return exactErrorCode ?? errorCode;
}
