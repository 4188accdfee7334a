import { type ScriptedModel, startScriptedModel } from '@parley/agent/testing';
import { afterAll, onTestFinished, TestRunner } from 'vitest';
import {
  type AgentBounds,
  type AgentInput,
  createRunAgent,
  type ModelApi,
  type RunAgentOptions,
} from '../src/index.ts';

/** A scripted model, and an agent that calls it, with pauses of one millisecond between calls. */
export interface Harness {
  readonly model: ScriptedModel;
  /** Answers one message (default: `hi`), and collects the emitted pieces. */
  start(input?: Partial<AgentInput>): Running;
}

export interface Running {
  readonly outcome: ReturnType<ReturnType<typeof createRunAgent>>;
  /** The error of a run that must fail. */
  readonly error: Promise<unknown>;
  readonly pieces: readonly string[];
  /** Settles with the next emitted piece. */
  nextPiece(): Promise<string>;
}

/** The model is stopped at the end of the test that calls this, or of the file that calls it at its top level. */
export async function startHarness(
  bounds: Partial<AgentBounds> = {},
  options: Partial<RunAgentOptions> = {},
  api?: ModelApi,
): Promise<Harness> {
  const model = await startScriptedModel();
  const atEnd = TestRunner.getCurrentTest() ? onTestFinished : afterAll;
  atEnd(() => model.stop());
  const runAgent = createRunAgent({
    endpoint: () => ({ api, baseUrl: model.baseUrl, apiKey: 'sk-test-key', model: 'default-model' }),
    contextTokens: 1_000,
    bounds: { retryDelayMs: 1, ...bounds },
    ...options,
  });
  return { model, start: (input) => startRun(runAgent, input) };
}

/** Takes the texts of an answer, and ignores its other parts. */
export function ifText(take: (text: string) => void): AgentInput['emit'] {
  return (event) => {
    if (event.type === 'text-delta') take(event.text);
  };
}

/** Starts a run of this agent, and collects the emitted pieces. */
export function startRun(
  runAgent: ReturnType<typeof createRunAgent>,
  input: Partial<AgentInput> = {},
): Running {
  const pieces: string[] = [];
  const waiting: ((piece: string) => void)[] = [];
  const outcome = runAgent({
    id: 'turn_1',
    agent: {},
    saveToolSteps: async () => undefined,
    messages: [{ role: 'user', content: 'hi' }],
    signal: new AbortController().signal,
    emit: ifText((text) => {
      pieces.push(text);
      for (const resolve of waiting.splice(0)) resolve(text);
    }),
    ...input,
  });
  const error = outcome.then(
    () => {
      throw new Error('The run was expected to fail, and it answered.');
    },
    (reason: unknown) => reason,
  );
  error.catch(() => undefined);
  return { outcome, error, pieces, nextPiece: () => new Promise((resolve) => waiting.push(resolve)) };
}
