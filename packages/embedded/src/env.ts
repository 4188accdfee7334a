/*
 * The environments of the programs that the server starts. Its own settings are read by the app alone.
 */

/** What a program needs of the environment to be found and to run; nothing that is secret is among it. */
const NEEDED = [
  ...['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
] as const;

/** The server's own secrets. A program that downloads for us needs the rest: proxies, certificates, its settings. */
const SECRET = [
  ...['OPENAI_API_KEY', 'MONGODB_URI', 'ENCRYPTION_KEY', 'ENCRYPTION_KEY_PREVIOUS', 'WEB_PUBLISHABLE_KEY'],
] as const;

/** The environment of a program that runs beside the server: the least it needs. */
export function leastEnvironment(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    NEEDED.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  );
}

/** The environment of a program that works for the server for a moment: everything but the server's secrets. */
export function environmentWithoutSecrets(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const environment = { ...source };
  for (const name of SECRET) delete environment[name];
  return environment;
}
