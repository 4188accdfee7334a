import { setTimeout as delay } from 'node:timers/promises';
import { namesInModelList, requestModelList } from './request-model-list.ts';

const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 15_000;
const CALL_MAX_MS = 5_000;

/** Returns the first chat model of a compatible server. Asks until the server answers or the signal aborts. */
export async function listModels(options: {
  baseUrl: string;
  apiKey: string;
  signal: AbortSignal;
  onProgress: (line: string) => void;
}): Promise<string | undefined> {
  const { baseUrl, apiKey, signal, onProgress } = options;
  for (let pause = PAUSE_MIN_MS; !signal.aborted; pause = Math.min(pause * 2, PAUSE_MAX_MS)) {
    try {
      const response = await requestModelList({ baseUrl, apiKey }, { signal, withinMs: CALL_MAX_MS });
      if (!response.ok) throw new Error(`it answers HTTP ${response.status} to the list of its models`);
      const name = namesInModelList(await response.json()).find((id) => !/embed/i.test(id));
      if (name !== undefined) return name;
    } catch (error) {
      // The server may still be starting: report it once, then keep asking.
      if (pause === PAUSE_MIN_MS) onProgress(waitingLine(baseUrl, error));
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function waitingLine(baseUrl: string, error: unknown): string {
  const reason = error instanceof Error && /HTTP \d{3}/.test(error.message) ? `: ${error.message}` : '';
  const hint = reason && '. Check OPENAI_API_KEY, or set OPENAI_MODEL';
  return `Waiting for the model's server at ${new URL(baseUrl).origin}${reason}${hint} …`;
}
