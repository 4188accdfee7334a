const FRAMES_MAX = 12;
const CAUSES_MAX = 4;
const MESSAGE_LENGTH_MAX = 300;

/** The errors whose text comes from this code or from Node, about programs and sockets, and never quotes people. */
const SPEAKING_NAMES: ReadonlySet<string> = new Set([
  'ApiError',
  'ModelError',
  'RunStopped',
  'TypeError',
  'ReferenceError',
  'RangeError',
  'AbortError',
  'TimeoutError',
  'APIConnectionError',
  'APIConnectionTimeoutError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoOperationTimeoutError',
]);

/** The statuses with which a model's server answers about its own configuration, not about the text it was sent. */
const SPEAKING_STATUSES: ReadonlySet<unknown> = new Set([401, 403, 404]);

const KEY_LIKE = /\b(?:sk|pk)[-_][\w*.-]{4,}/g;

/** An error as the log contains it: without text that may hold content or secrets. */
export interface DescribedError {
  readonly name: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly status?: number;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/**
 * Describes an error for the log: name, code, status, stack and causes. The message is included only if it cannot
 * quote what a person wrote; errors of parsers and model servers often do.
 */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, status } = error as { code?: unknown; status?: unknown };
  const message = speaks(error, status) ? clip(error.message) : undefined;
  return {
    name: error.name === 'Error' ? error.constructor.name : error.name,
    ...(message !== undefined && { message }),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof status === 'number' && { status }),
    ...framesOf(error),
    ...(error.cause !== undefined && depth < CAUSES_MAX && { cause: describeError(error.cause, depth + 1) }),
  };
}

function speaks(error: Error, status: unknown): boolean {
  const isSystemError = 'syscall' in error;
  return isSystemError || SPEAKING_NAMES.has(error.name) || SPEAKING_STATUSES.has(status);
}

function clip(message: string): string {
  return message.slice(0, MESSAGE_LENGTH_MAX).replace(KEY_LIKE, '[key]');
}

function framesOf({ stack }: Error): { stack?: string } {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames?.length ? { stack: frames.slice(0, FRAMES_MAX).join('\n') } : {};
}
