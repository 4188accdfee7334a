import type { ErrorEnvelope } from '@parley/contract';
import { networkError, ParleyError } from './parley-error.ts';

/** The formats of an exported chat: Markdown for people, JSON for programs. */
export type ExportFormat = 'md' | 'json';

/**
 * Requests a chat as a file.
 *
 * @throws ParleyError `chat_not_found`; `network` if the server cannot be reached
 */
export async function exportChat(
  send: typeof fetch,
  base: string,
  { chatId, format }: { readonly chatId: string; readonly format: ExportFormat },
  signal: AbortSignal,
): Promise<Blob> {
  const url = `${base}/chat/${encodeURIComponent(chatId)}/export?format=${format}`;
  const response = await send(url, { signal }).catch((cause: unknown) => {
    throw networkError(cause);
  });
  if (response.ok) return response.blob();
  const { status } = response;
  const error = (await response.json().catch(() => undefined)) as ErrorEnvelope | undefined;
  if (!error?.code) throw networkError(undefined, { status });
  throw new ParleyError(error.code, error.message, { status, requestId: error.requestId });
}
