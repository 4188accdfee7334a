import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRequestBody } from './read-request-body.ts';

/** A tool for tests: a real HTTP server on 127.0.0.1 that follows the test's instructions. */
export interface ScriptedTool {
  readonly url: string;
  /** All calls so far, in the order of arrival. */
  calls(): readonly ToolRequest[];
  /** The next call to arrive. Get this promise before you cause the call. */
  nextCall(): Promise<ToolRequest>;
  /** All calls from now on get this response. The default is `{"ok":true}`. */
  answer(how: (response: ServerResponse, request: ToolRequest) => void | Promise<void>): void;
  stop(): Promise<void>;
}

/** A call of the tool, as it arrived. */
export interface ToolRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Settles when the connection is closed. */
  readonly closed: Promise<void>;
}

/** Starts a tool on a free port of 127.0.0.1. */
export async function startScriptedTool(): Promise<ScriptedTool> {
  const calls: ToolRequest[] = [];
  const waiting: ((call: ToolRequest) => void)[] = [];
  let answer: (response: ServerResponse, request: ToolRequest) => void | Promise<void> = (response) =>
    void response.end('{"ok":true}');
  const server = createServer(async (request, response) => {
    // Only calls of the tool: a client of an earlier server on this port may still be reconnecting.
    if (!request.url?.startsWith('/tool')) {
      response.writeHead(404).end();
      return;
    }
    const body = await readRequestBody(request);
    if (body === undefined) return;
    const closed = new Promise<void>((resolve) => response.on('close', () => resolve()));
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, headers, body, closed };
    calls.push(call);
    for (const resolve of waiting.splice(0)) resolve(call);
    await answer(response, call);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/tool`,
    calls: () => calls,
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
    answer: (how) => {
      answer = how;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
