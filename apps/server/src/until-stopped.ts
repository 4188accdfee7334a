/** The time that a start has to end after a stop signal. */
const START_STOP_MAX_MS = 10_000;

/** A process that runs until it is stopped. */
export interface Running {
  /** Stops in order. Running work has a grace period, until `force` aborts. */
  stop(force: AbortSignal): Promise<void>;
}

/**
 * Starts something and runs it until SIGTERM, SIGHUP or Ctrl-C. A second signal ends the grace period, a third one
 * the process. An uncaught error also stops it, without a grace period: its state can no longer be trusted.
 */
export async function untilStopped(
  start: (signal: AbortSignal) => Promise<Running>,
  say: (line: string) => void,
): Promise<void> {
  const stop = new AbortController();
  const force = new AbortController();
  const stopRequest = Promise.withResolvers<void>();

  let isRunning = false;

  const onSignal = () => {
    if (force.signal.aborted) process.exit(1);
    if (stop.signal.aborted) force.abort();
    stop.abort();
    stopRequest.resolve();
    // A start that hangs cannot be stopped in order.
    setTimeout(() => isRunning || process.exit(1), START_STOP_MAX_MS).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);

  // A closed terminal or log pipe must not stop the server.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  const onBug = (error: unknown) => {
    say(`An error nobody caught ends this process: ${error instanceof Error ? error.stack : typeof error}`);
    process.exitCode = 1;
    stop.abort();
    force.abort();
    stopRequest.resolve();
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);

  let running: Running;
  try {
    running = await start(stop.signal);
    isRunning = true;
  } catch (error) {
    if (stop.signal.aborted) return;
    throw error;
  }
  await stopRequest.promise;
  say('Stopping …');
  await running.stop(force.signal);
  say('Stopped.');
}
