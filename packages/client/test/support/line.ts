/** A request as it went out. */
export interface LineRequest {
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly init: RequestInit;
}

/** What becomes of a request instead of its answer. */
type Fault = (deliver: () => Promise<Response>) => Promise<Response>;

/** The network between a client and the server, which a test can break. */
export class Line {
  readonly requests: LineRequest[] = [];
  #isDown = false;
  #faults: { readonly part: string; readonly fault: Fault }[] = [];
  readonly #streams = new Set<(reason: unknown) => void>();
  /** The next streams break after so many bytes each. */
  readonly #cuts: number[] = [];
  #isMute = false;
  #target: string | undefined;

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const { pathname, search } = new URL(String(input));
    this.requests.push({ path: pathname + search, headers: new Headers(init.headers), init });
    const deliver = async () => {
      if (this.#isDown) throw new TypeError('the line is down');
      const target = this.#target === undefined ? input : new URL(pathname + search, this.#target);
      return this.#breakable(await fetch(target, init));
    };
    const index = this.#faults.findIndex(({ part }) => pathname.includes(part));
    const [found] = index === -1 ? [] : this.#faults.splice(index, 1);
    return found ? found.fault(deliver) : deliver();
  };

  /** The requests to a procedure. */
  to(procedure: string): LineRequest[] {
    return this.requests.filter(({ path }) => path.split('?')[0]?.includes(procedure));
  }

  down(): void {
    this.#isDown = true;
    this.cut();
  }

  up(): void {
    this.#isDown = false;
  }

  /** Breaks every stream that is open. */
  cut(): void {
    for (const stop of [...this.#streams]) stop(new TypeError('the line was cut'));
  }

  /** Leads to another server from now on, as a load balancer does. */
  leadTo(url: string): void {
    this.#target = url;
  }

  /** What streams tell from now on is lost on the way, and they stay open. */
  mute(isMute: boolean): void {
    this.#isMute = isMute;
  }

  /** The next streams break after so many bytes, the first of them after the first number. */
  cutNextStreamsAfter(...bytes: readonly number[]): void {
    this.#cuts.push(...bytes);
  }

  /** The server takes the next request to `part`, and its answer is lost. */
  loseAnswer(part: string): void {
    this.fail(part, async (deliver) => {
      await (await deliver()).text();
      throw new TypeError('the answer was lost');
    });
  }

  /** The next request to `part` does not arrive. */
  loseRequest(part: string): void {
    this.fail(part, async () => {
      throw new TypeError('the request was lost');
    });
  }

  /** The next request to `part` is answered by somebody on the way. */
  answer(part: string, response: () => Response): void {
    this.fail(part, async () => response());
  }

  fail(part: string, fault: Fault): void {
    this.#faults.push({ part, fault });
  }

  #breakable(response: Response): Response {
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream'))
      return response;
    let left = this.#cuts.shift() ?? Number.POSITIVE_INFINITY;
    const streams = this.#streams;
    let stop: (reason: unknown) => void = () => undefined;
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          stop = (reason) => {
            streams.delete(stop);
            controller.error(reason);
          };
          streams.add(stop);
        },
        transform: (chunk, controller) => {
          if (this.#isMute) return;
          controller.enqueue(chunk.subarray(0, Math.max(left, 0)));
          left -= chunk.length;
          // What is queued is thrown away with the stream: it is let through first.
          if (left <= 0) setImmediate(() => stop(new TypeError('the line was cut')));
        },
        flush: () => void streams.delete(stop),
      }),
    );
    const { status, headers, url } = response;
    const broken = new Response(body, { status, headers });
    Object.defineProperty(broken, 'url', { value: url });
    return broken;
  }
}
