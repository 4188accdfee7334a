import { createServer } from 'node:http';
import { type ModelCircuits, type ModelEnd, ModelError, type RunAgent } from '@parley/agent';
import { ApiError } from '@parley/contract';
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of the server. Label values come from fixed lists: never an id, a key or a text. */
export interface Metrics {
  /** Counts and times the requests of a server. */
  watchRequests(app: FastifyInstance): void;
  /** Counts and times the answers of a model. */
  watchAgent(runAgent: RunAgent): RunAgent;
  countToolFailure(reason: string): void;
  /** Counts the results of model calls, by provider. */
  countModelEnd(end: ModelEnd): void;
  /** Shows the number of models of each provider with an open circuit, which are called last. */
  watchCircuits(circuits: Pick<ModelCircuits, 'counts'>, providers: readonly string[]): void;
  /** Shows the number of running turns, and of turns whose usage is not counted yet. */
  watchTurns(turns: { readonly running: number; readonly waiting: number; readonly uncounted: number }): void;
  /** Returns the metrics in Prometheus' text format, version 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** The buckets in seconds, from a database read to a slow answer. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Creates the metrics of one process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'parley_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'parley_http_request_duration_seconds',
    help: 'From a request to the end of its answer; a stream lasts as long as somebody listens.',
    labelNames: ['method', 'route'] as const,
    buckets: BUCKETS,
    registers,
  });
  const open = new Gauge({
    name: 'parley_http_requests_open',
    help: 'Requests that are being answered, streams among them.',
    registers,
  });
  const apiErrors = new Counter({
    name: 'parley_refusals_total',
    help: 'Refusals, by their code.',
    labelNames: ['code'] as const,
    registers,
  });
  const answers = new Counter({
    name: 'parley_answers_total',
    help: 'Answers of the model: completed, aborted, or the code they failed with.',
    labelNames: ['result'] as const,
    registers,
  });
  const firstText = new Histogram({
    name: 'parley_answer_first_text_seconds',
    help: "From the model's call to its first text.",
    buckets: BUCKETS,
    registers,
  });
  const answerSeconds = new Histogram({
    name: 'parley_answer_duration_seconds',
    help: "From the model's call to the end of its answer.",
    buckets: BUCKETS,
    registers,
  });
  const tokens = new Counter({
    name: 'parley_tokens_total',
    help: "Tokens, as far as the model's server reported them.",
    labelNames: ['direction'] as const,
    registers,
  });
  const modelEnds = new Counter({
    name: 'parley_model_calls_total',
    help: 'Models that were asked in a step of an answer: answered, or the code they failed with.',
    labelNames: ['provider', 'result'] as const,
    registers,
  });
  const toolFailures = new Counter({
    name: 'parley_tool_failures_total',
    help: 'Calls of tools that gave no result, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });

  return {
    watchRequests(app) {
      app.addHook('onRequest', (_request, reply, done) => {
        open.inc();
        // Runs once, whether the response was sent or the client disconnected.
        reply.raw.once('close', () => open.dec());
        done();
      });
      app.addHook('onResponse', (request, reply, done) => {
        const route = request.routeOptions.url ?? '(unknown)';
        const { method, apiError } = request;
        requests.inc({ method, route, status: reply.statusCode });
        requestSeconds.observe({ method, route }, reply.elapsedTime / 1_000);
        if (apiError) apiErrors.inc({ code: apiError.code });
        done();
      });
    },

    watchAgent: (runAgent) => async (input) => {
      const startedAt = performance.now();
      const seconds = () => (performance.now() - startedAt) / 1_000;
      let hasText = false;
      const emit: typeof input.emit = (event) => {
        if (!hasText) firstText.observe(seconds());
        hasText = true;
        input.emit(event);
      };
      try {
        const outcome = await runAgent({ ...input, emit });
        answers.inc({ result: 'completed' });
        for (const usage of [outcome.usage, ...(outcome.others ?? []).map((other) => other.usage)]) {
          tokens.inc({ direction: 'input' }, usage?.inputTokens ?? 0);
          tokens.inc({ direction: 'output' }, usage?.outputTokens ?? 0);
        }
        return outcome;
      } catch (error) {
        answers.inc({ result: input.signal.aborted ? 'aborted' : codeOf(error) });
        throw error;
      } finally {
        answerSeconds.observe(seconds());
      }
    },

    countToolFailure: (reason) => toolFailures.inc({ reason }),

    countModelEnd: ({ provider, code = 'answered' }) => modelEnds.inc({ provider, result: code }),

    watchCircuits(circuits, providers) {
      new Gauge({
        name: 'parley_model_circuits',
        help: 'Models that are asked last because they failed (open), or that are being probed (half_open).',
        labelNames: ['provider', 'state'] as const,
        registers,
        collect() {
          const counts = new Map(circuits.counts().map((count) => [count.provider, count]));
          for (const provider of providers) {
            const { open = 0, halfOpen = 0 } = counts.get(provider) ?? {};
            this.set({ provider, state: 'open' }, open);
            this.set({ provider, state: 'half_open' }, halfOpen);
          }
        },
      });
    },

    watchTurns(turns) {
      new Gauge({
        name: 'parley_turns_running',
        help: 'Turns that run in this process.',
        registers,
        collect() {
          this.set(turns.running);
        },
      });
      new Gauge({
        name: 'parley_turns_waiting',
        help: 'Turns that wait in this process for a place to run.',
        registers,
        collect() {
          this.set(turns.waiting);
        },
      });
      new Gauge({
        name: 'parley_turns_uncounted',
        help: 'Turns that ended in this process and whose usage is not added to the sums yet.',
        registers,
        collect() {
          this.set(turns.uncounted);
        },
      });
    },

    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Serves the metrics on their own, private address. */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: { host: string; port: number },
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host}:${boundPort}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof ModelError || error instanceof ApiError ? error.code : 'internal_error';
}
