/** The sources of merged events. Each ends when the signal aborts. */
type OpenSources<One, Other> = (
  signal: AbortSignal,
) => readonly [AsyncGenerator<One, void, undefined>, AsyncGenerator<Other, void, undefined>];

/**
 * Yields the events of two sources as they come. The end of one does not end the other; an error of one ends both.
 */
export async function* mergeEvents<One, Other>(
  open: OpenSources<One, Other>,
  signal: AbortSignal,
): AsyncGenerator<One | Other, void, undefined> {
  const stop = new AbortController();
  const sources: readonly AsyncGenerator<One | Other, void, undefined>[] = open(
    AbortSignal.any([signal, stop.signal]),
  );
  const steps = new Map(sources.map((source) => [source, stepOf(source)]));
  try {
    while (steps.size > 0) {
      const { source, result } = await Promise.race(steps.values());
      if (result.done) steps.delete(source);
      else {
        yield result.value;
        steps.set(source, stepOf(source));
      }
    }
  } finally {
    // A source that waits for its next event ends with the signal.
    for (const step of steps.values()) step.catch(() => undefined);
    stop.abort();
    await Promise.all(sources.map((source) => source.return()));
  }
}

async function stepOf<Event>(source: AsyncGenerator<Event, void, undefined>) {
  return { source, result: await source.next() };
}
