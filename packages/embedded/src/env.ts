/* The environments of programs that the server starts. Only the app reads the server's settings. */

/** The variables that a program needs to be found and to run. None is secret. */
const NEEDED = [
  ...['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
] as const;

/** The server's secrets. A program that downloads needs all other variables: proxies, certificates, its settings. */
const SECRET = [
  ...['OPENAI_API_KEY', 'MONGODB_URI', 'ENCRYPTION_KEY', 'ENCRYPTION_KEY_PREVIOUS', 'WEB_PUBLISHABLE_KEY'],
] as const;

/** Returns the environment of a program that runs as long as the server: only what it needs. */
export function minimalEnvironment(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    NEEDED.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  );
}

/** Returns the environment of a short command: everything except the server's secrets. */
export function environmentWithoutSecrets(source: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const environment = { ...source };
  for (const name of SECRET) delete environment[name];
  return environment;
}
