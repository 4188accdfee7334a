/** The package that provides a database and a model if the operator has configured none. */
export type Embedded = typeof import('@parley/embedded');

/**
 * Loads `@parley/embedded`. A server with a database and a model of its own never calls this, so that a production install
 * can leave the package out. Returns `undefined` when it is not installed.
 */
export async function loadEmbedded(): Promise<Embedded | undefined> {
  try {
    const embedded = await import('@parley/embedded');
    return embedded.isInstalled() ? embedded : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Either the package itself or one of its dependencies is missing. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
