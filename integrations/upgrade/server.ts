/**
 * A server of any release, on a database of its own or with settings of its own: its code is read from the given
 * checkout. It ends with its parent.
 */

/** The options of a server. */
export interface OwnServerOptions {
  /** The checkout whose code runs, as a URL that ends with a slash. */
  readonly checkout: string;
  readonly mongodbUri: string;
  readonly modelUrl: string;
  /** How the model knows its calls. */
  readonly modelKey?: string;
  /** A model that is asked before the one at `modelUrl`. Release 0.1.0 knows one model. */
  readonly firstModelUrl?: string;
  /** Serves the sessions of the chat page with this key. */
  readonly pageKey?: string;
  /** The key that encrypts secrets, in base64. Release 0.1.0 has none. */
  readonly encryptionKey?: string;
  /** Token issuers may be on private addresses. */
  readonly arePrivateAddressesAllowed?: boolean;
}

const options = JSON.parse(process.argv[2] ?? '{}') as OwnServerOptions;
process.on('disconnect', () => process.exit(1));

const load = (path: string) => import(new URL(path, options.checkout).href);
const [{ connectDatabase, readEncryptionKeys }, { compose }, { createLog }] = await Promise.all([
  load('packages/db/src/index.ts'),
  load('apps/server/src/compose.ts'),
  load('apps/server/src/log.ts'),
]);

const { mongodbUri, modelUrl, firstModelUrl, pageKey, encryptionKey, arePrivateAddressesAllowed } = options;
const { modelKey: apiKey = 'sk-own-server' } = options;
const database = await connectDatabase(
  mongodbUri,
  encryptionKey && { encryption: { keys: readEncryptionKeys(encryptionKey, undefined) } },
).catch(({ message }: Error) => {
  process.send?.({ problem: message });
  process.exit(1);
});
const composition = await compose({
  database,
  model: { endpoint: () => ({ baseUrl: firstModelUrl ?? modelUrl, apiKey, model: 'scripted' }) },
  ...(firstModelUrl && {
    providers: new Map([['backup', { baseUrl: modelUrl, apiKey }]]),
    defaultModels: ['default', 'backup'].map((provider) => ({ provider, model: 'scripted' })),
  }),
  log: createLog('error', { write: (line: string) => process.stderr.write(line) }),
  contextTokens: 100_000,
  ...(pageKey && { web: { folder: '/nowhere', audience: 'this machine', publishableKey: pageKey } }),
  ...(arePrivateAddressesAllowed && { toolAddresses: { arePrivateAllowed: true } }),
});
process.send?.({ url: await composition.app.listen({ port: 0, host: '127.0.0.1' }) });
process.once('SIGTERM', async () => {
  await composition.close(0);
  await database.close();
  process.disconnect();
});
