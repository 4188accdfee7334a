import { createGate, type ModelScript, type ScriptedModel } from '@parley/agent/testing';

/** An answer that is written piece by piece on demand. */
export interface PacedAnswer {
  /** Writes the next piece. Resolves with the text so far. */
  next(): string;
  /** Writes the remaining pieces and ends the answer. */
  finish(): string;
}

/** Scripts the model's answer to `message` with these pieces. */
export function paceAnswer(
  model: ScriptedModel,
  message: string | RegExp,
  pieces: readonly string[],
): PacedAnswer {
  const gates = pieces.map(() => createGate());
  const end = createGate();
  let written = 0;
  const script: ModelScript = async (call) => {
    call.open();
    for (const [index, piece] of pieces.entries()) {
      await gates[index]?.released;
      call.text(piece);
    }
    await end.released;
    call.finish();
  };
  model.replyTo(message, script);
  const next = () => {
    gates[written]?.release();
    written = Math.min(written + 1, pieces.length);
    return pieces.slice(0, written).join('');
  };
  return {
    next,
    finish() {
      while (written < pieces.length) next();
      end.release();
      return pieces.join('');
    },
  };
}
