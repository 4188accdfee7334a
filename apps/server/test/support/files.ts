import type { ErrorEnvelope, File } from '@parley/contract';
import { checkRestAnswer } from './answer-check.ts';

/** The smallest valid files of each type: their first bytes are what matters. */
export const contents = {
  png: bytesOf(0x89, 'PNG\r\n', 0x1a, '\n', 'pixels'),
  jpeg: bytesOf(0xff, 0xd8, 0xff, 0xe0, 'pixels'),
  gif: bytesOf('GIF89a', 'pixels'),
  webp: bytesOf('RIFF', 0, 0, 0, 0, 'WEBP', 'pixels'),
  pdf: bytesOf('%PDF-1.7\n', 0xe2, 0xe3, 0xcf, 0xd3),
  text: bytesOf('Grüße 🙂\n'),
} as const;

function bytesOf(...parts: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part)])),
  );
}

interface UploadRequest {
  readonly filename?: string;
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UploadAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly file: File;
  readonly apiError: ErrorEnvelope;
}

/** Uploads bytes as the body of the request. */
export function uploadRaw(
  url: string,
  content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  { filename = 'a file', mediaType = 'application/octet-stream', headers = {} }: UploadRequest = {},
): Promise<UploadAnswer> {
  const target = `/file?${new URLSearchParams({ filename })}`;
  return post(url, target, content, { 'content-type': mediaType, ...headers });
}

/** Uploads a form, as browsers send it. */
export function uploadForm(
  url: string,
  form: FormData | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<UploadAnswer> {
  return post(url, '/file', form, headers);
}

async function post(
  url: string,
  target: string,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | FormData,
  headers: Readonly<Record<string, string>>,
): Promise<UploadAnswer> {
  const response = await fetch(`${url}${target}`, { method: 'POST', headers, body, duplex: 'half' });
  const text = await response.text();
  const { status } = response;
  checkRestAnswer({ method: 'POST', target, status, headers: response.headers, text });
  const answer = JSON.parse(text);
  return { status, headers: response.headers, file: answer, apiError: answer };
}
