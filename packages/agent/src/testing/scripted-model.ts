import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRequestBody } from './read-request-body.ts';
import { ScriptedCall } from './scripted-call.ts';
import { echo, type ModelScript } from './scripts.ts';

/**
 * A model for tests: a real HTTP server on 127.0.0.1 that speaks Chat Completions and the Responses API and follows
 * the test's scripts. Without a script it echoes: `echoOf(message)` is the answer to the newest user message.
 */
export interface ScriptedModel {
  /** For `ModelEndpoint.baseUrl` and OPENAI_BASE_URL; it ends in `/v1`. */
  readonly baseUrl: string;
  /** All calls so far, in the order of arrival. */
  calls(): readonly ScriptedCall[];
  /** The next call to arrive. Get this promise before you cause the call. */
  nextCall(): Promise<ScriptedCall>;
  /** The newest call with this newest user message if there is one, else the next such call to arrive. */
  callTo(message: string): Promise<ScriptedCall>;
  /** The next calls follow these scripts, one each. They take precedence over every `replyTo`. */
  reply(...scripts: readonly ModelScript[]): void;
  /** Every call whose newest user message equals or matches this follows the script; the latest rule wins. */
  replyTo(message: string | RegExp, script: ModelScript): void;
  /** Every call without another script follows this one. */
  replyAlways(script: ModelScript): void;
  /** Makes every call wait before it is answered, until the gate is released. */
  hold(): Gate;
  /** Stops the server and closes the connections of unfinished calls. */
  stop(): Promise<void>;
}

/** A barrier that calls wait for and a test releases. */
export interface Gate {
  readonly released: Promise<void>;
  release(): void;
}

/** A separate gate, for scripts that wait in the middle of an answer. */
export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { released: promise, release: resolve };
}

/** Starts a model on a free port of 127.0.0.1. */
export async function startScriptedModel(): Promise<ScriptedModel> {
  const scripted = new CallScripts();
  const server = createServer((request, response) => void scripted.take(request, response));
  // Connections stay open between calls, as a real server's do; `stop` closes them.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls: () => scripted.calls,
    nextCall: () => scripted.next(() => true),
    callTo: (message) => scripted.callTo(message),
    reply: (...scripts) => scripted.queue.push(...scripts),
    replyTo: (message, script) => scripted.rules.unshift({ message, script }),
    replyAlways: (script) => {
      scripted.otherwise = script;
    },
    hold: () => scripted.hold(),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Receives the calls, and chooses the script of each. */
class CallScripts {
  readonly calls: ScriptedCall[] = [];
  readonly queue: ModelScript[] = [];
  readonly rules: { message: string | RegExp; script: ModelScript }[] = [];
  otherwise: ModelScript = echo();
  #gate: Gate | undefined;
  #waiting: { accepts: (call: ScriptedCall) => boolean; resolve: (call: ScriptedCall) => void }[] = [];

  hold(): Gate {
    const gate = createGate();
    this.#gate = gate;
    return { released: gate.released, release: () => this.#release(gate) };
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const models = request.method === 'GET' ? modelsAt(request.url) : undefined;
    if (models) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(models));
      return;
    }
    // Only calls of a model: a client of an earlier server on this port may still be reconnecting.
    if (request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const body = await readRequestBody(request);
    if (body === undefined) return;
    const call = new ScriptedCall(request, response, body);
    this.calls.push(call);
    // The script is chosen on arrival, so that the order of the calls decides and not the order of releases.
    const script = this.#scriptOf(call);
    this.#announce(call);
    await this.#gate?.released;
    await script(call);
  }

  next(accepts: (call: ScriptedCall) => boolean): Promise<ScriptedCall> {
    return new Promise((resolve) => this.#waiting.push({ accepts, resolve }));
  }

  callTo(message: string): Promise<ScriptedCall> {
    const known = this.calls.findLast((call) => call.message === message);
    return known ? Promise.resolve(known) : this.next((call) => call.message === message);
  }

  #announce(call: ScriptedCall): void {
    const accepting = this.#waiting.filter(({ accepts }) => accepts(call));
    this.#waiting = this.#waiting.filter((waiting) => !accepting.includes(waiting));
    for (const { resolve } of accepting) resolve(call);
  }

  #scriptOf(call: ScriptedCall): ModelScript {
    const rule = this.rules.find(({ message }) =>
      typeof message === 'string' ? message === call.message : message.test(call.message),
    );
    return this.queue.shift() ?? rule?.script ?? this.otherwise;
  }

  #release(gate: Gate): void {
    if (this.#gate === gate) this.#gate = undefined;
    gate.release();
  }
}

/** The list of models, or the requested one. The server answers calls with any model name. */
function modelsAt(url = ''): object | undefined {
  if (url === '/v1/models') return { object: 'list', data: [{ id: 'scripted', object: 'model' }] };
  const [, id] = /^\/v1\/models\/(.+)$/.exec(url) ?? [];
  return id === undefined ? undefined : { id: decodeURIComponent(id), object: 'model' };
}
