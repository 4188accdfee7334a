import { createGate, type ModelScript, type ScriptedModel } from '@parley/agent/testing';

/** An answer that is written when the test says so, a piece at a time. */
export interface PacedAnswer {
  /** Lets the model write the next piece; resolves with all that was written by then. */
  next(): string;
  /** Lets it write what is left, and end. */
  finish(): string;
}

/** The model's answer to `message`: these pieces, each only when it is asked for. */
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
