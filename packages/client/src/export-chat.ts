import { fetchSuccessful } from './fetch-successful.ts';

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
  return (await fetchSuccessful(send, url, { signal })).blob();
}
