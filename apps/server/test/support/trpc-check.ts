import { errorRegister } from '@parley/contract';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { z } from 'zod';
import { checkEnvelope, type RawAnswer } from './answer-check.ts';

const errorSchema = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    code: z.int(),
    data: z.strictObject({
      code: z.string(),
      httpStatus: z.int(),
      path: z.string().optional(),
      apiError: z.unknown(),
      /** The same, under the name of release 0.1.0. */
      refusal: z.unknown(),
    }),
  }),
});
const successSchema = z.strictObject({ result: z.strictObject({ data: z.unknown().optional() }) });

/**
 * Checks an unbatched response of `/trpc` against tRPC's own shapes: a result, or an error with the envelope, whose
 * status is the same in three places.
 */
export function checkTrpcAnswer(answer: RawAnswer): void {
  const body: unknown = JSON.parse(answer.text);
  if (answer.status < 400) {
    successSchema.parse(body);
    return;
  }
  const { message, code, data } = errorSchema.parse(body).error;
  const apiError = checkEnvelope(answer, data.apiError);
  if (JSON.stringify(data.refusal) !== JSON.stringify(data.apiError)) {
    throw new Error('the two names of an error hold different envelopes');
  }
  const { trpcCode } = errorRegister[apiError.code];
  const sent = { message, code, name: data.code, status: data.httpStatus };
  const meant = {
    message: apiError.message,
    code: TRPC_ERROR_CODES_BY_KEY[trpcCode],
    name: trpcCode,
    status: answer.status,
  };
  if (JSON.stringify(sent) !== JSON.stringify(meant)) {
    throw new Error(`tRPC sent ${JSON.stringify(sent)} instead of ${JSON.stringify(meant)}`);
  }
}
