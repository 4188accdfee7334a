import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readRequestBody } from '../../src/testing/read-request-body.ts';
import type { UpstreamCase } from './cases.ts';

/** A request to a model server. */
interface ModelServerRequest {
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly [field: string]: unknown;
}

export interface ModelServer {
  readonly baseUrl: string;
  readonly requests: readonly ModelServerRequest[];
  stop(): Promise<void>;
}

/** How many bytes each write of an answer has. */
export interface Cut {
  readonly partBytes?: number;
}

/** Starts a server that answers with the bytes of a file; with `after` once the request contains tool results. */
export async function startModelServer(
  name: string,
  case_: UpstreamCase,
  cut: Cut = {},
): Promise<ModelServer> {
  const requests: ModelServerRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await readRequestBody(request);
    // Not a call of a model: a client disconnected, or asks for something else.
    if (!body) {
      response.writeHead(404).end();
      return;
    }
    const asked = JSON.parse(body) as ModelServerRequest;
    requests.push(asked);
    const { rejects } = case_;
    if (rejects && hasPart(asked, rejects.part)) {
      response.writeHead(rejects.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(rejects.body));
      return;
    }
    const hasResults = asked.messages.some(({ role }) => role === 'tool');
    await answer(response, case_, readAnswer(hasResults ? 'after' : name), cut);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function hasPart(request: ModelServerRequest, part: NonNullable<UpstreamCase['rejects']>['part']): boolean {
  return part === 'system' ? request.messages.some(({ role }) => role === 'system') : part in request;
}

function readAnswer(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'answers', `${name}.sse`));
}

async function answer(
  response: ServerResponse,
  { status = 200, headers, delayMs }: UpstreamCase,
  bytes: Buffer,
  { partBytes }: Cut,
): Promise<void> {
  response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
  for (const part of partsOf(bytes, delayMs !== undefined, partBytes)) {
    await new Promise((resolve) => response.write(part, resolve));
    // The pause is part of the server's behavior: it decides when an answer counts as complete.
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  response.end();
}

function partsOf(bytes: Buffer, byEvent: boolean, partBytes: number | undefined): Buffer[] {
  if (byEvent) {
    const events = bytes.toString('latin1').split(/(?<=\n\n)/);
    return events.map((event) => Buffer.from(event, 'latin1'));
  }
  if (partBytes === undefined) return [bytes];
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += partBytes) {
    parts.push(bytes.subarray(start, start + partBytes));
  }
  return parts;
}
