/** A recorded request. */
export interface LineRequest {
  /** Includes the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly init: RequestInit;
}

/** Replaces the delivery of a request. */
type Fault = (deliver: () => Promise<Response>) => Promise<Response>;

/** A network between client and server that a test can break. */
export class Line {
  readonly requests: LineRequest[] = [];
  #isDown = false;
  #faults: { readonly part: string; readonly fault: Fault }[] = [];
  readonly #streams = new Set<(reason: unknown) => void>();
  /** The number of bytes after which each of the next streams breaks. */
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

  /** Returns the requests to a procedure. */
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

  /** Breaks all open streams. */
  cut(): void {
    for (const stop of [...this.#streams]) stop(new TypeError('the line was cut'));
  }

  /** Sends all further requests to another server, like a load balancer. */
  leadTo(url: string): void {
    this.#target = url;
  }

  /** Drops the data of all streams and keeps them open. */
  mute(isMute: boolean): void {
    this.#isMute = isMute;
  }

  /** Breaks the next streams after these numbers of bytes. */
  cutNextStreamsAfter(...bytes: readonly number[]): void {
    this.#cuts.push(...bytes);
  }

  /** Delivers the next request to `part` and loses its response. */
  loseAnswer(part: string): void {
    this.fail(part, async (deliver) => {
      await (await deliver()).text();
      throw new TypeError('the response was lost');
    });
  }

  /** Loses the next request to `part`. */
  loseRequest(part: string): void {
    this.fail(part, async () => {
      throw new TypeError('the request was lost');
    });
  }

  /** Answers the next request to `part` in place of the server. */
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
          // An error discards queued data, so let it through first.
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
