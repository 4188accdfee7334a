import type { File as UploadedFile } from '@parley/contract';
import { attempt } from './attempts.ts';
import { fetchSuccessful } from './fetch-successful.ts';
import { fetchWithProgress } from './fetch-with-progress.ts';
import { mintKey } from './mint-key.ts';

/** A large file over a slow connection takes minutes. */
const TRANSFER_MAX_MS = 10 * 60_000;

/** The options of `uploadFile`. */
export interface UploadOptions {
  /** The name of the file. Default: the name of a `File`. */
  readonly filename?: string;
  /** Called with the sent share of the file, from 0 to 1. Without `XMLHttpRequest` it is only called at the end. */
  readonly onProgress?: (sent: number) => void;
  /** Cancels the upload. */
  readonly signal?: AbortSignal;
}

/** How files are sent and read. */
export interface FileTransport {
  readonly base: string;
  /** Adds the credentials of the client to a `fetch`; without one, to the client's own. */
  readonly fetchOf: (send?: typeof fetch) => typeof fetch;
  /** Whether an upload can use `XMLHttpRequest`: the app has not replaced `fetch`. */
  readonly canReportProgress: boolean;
}

/**
 * Uploads a file, exactly once over all attempts.
 *
 * @throws ParleyError if the server rejects the file or stays unreachable; the reason of `signal` if it aborts
 */
export async function uploadFile(
  { base, fetchOf, canReportProgress }: FileTransport,
  file: Blob,
  { filename = nameOf(file), onProgress = () => undefined, signal }: UploadOptions,
  closed: AbortSignal,
): Promise<UploadedFile> {
  const send = canReportProgress ? fetchOf(fetchWithProgress(onProgress)) : fetchOf();
  const url = `${base}/file?${new URLSearchParams({ filename })}`;
  const headers = {
    'content-type': file.type || 'application/octet-stream',
    'idempotency-key': mintKey(),
  };
  const upload = async (limit: AbortSignal) => {
    const response = await fetchSuccessful(send, url, { method: 'POST', headers, body: file, signal: limit });
    return (await response.json()) as UploadedFile;
  };
  const ended = signal ? AbortSignal.any([closed, signal]) : closed;
  const uploaded = await attempt(ended, upload, TRANSFER_MAX_MS).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
  onProgress(1);
  return uploaded;
}

/**
 * Reads the content of a file.
 *
 * @throws ParleyError `file_not_found`; `network` after all attempts failed
 */
export function readFile(
  { base, fetchOf }: FileTransport,
  fileId: string,
  closed: AbortSignal,
): Promise<Blob> {
  const url = `${base}/file/${encodeURIComponent(fileId)}/content`;
  return attempt(
    closed,
    async (signal) => (await fetchSuccessful(fetchOf(), url, { signal })).blob(),
    TRANSFER_MAX_MS,
  );
}

function nameOf(file: Blob): string {
  return 'name' in file && typeof file.name === 'string' ? file.name : 'file';
}
