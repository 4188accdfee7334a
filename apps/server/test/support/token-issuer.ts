import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/**
 * An identity provider that serves its key set over HTTP on 127.0.0.1, which a test must allow as a private address.
 */
export interface TokenIssuer {
  readonly url: string;
  /** Replaces the keys of its key set. */
  show(...keys: unknown[]): void;
  /** Whether it returns 503. */
  setUnavailable(isUnavailable: boolean): void;
  /** The number of requests for its key set. */
  asked(): number;
  stop(): Promise<unknown>;
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  let keys: unknown[] = [];
  let isUnavailable = false;
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    if (isUnavailable) response.writeHead(503).end();
    else
      response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    show: (...next) => {
      keys = next;
    },
    setUnavailable: (next) => {
      isUnavailable = next;
    },
    asked: () => asked,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

export type IssuerKey = Awaited<ReturnType<typeof makeIssuerKey>>;

export async function makeIssuerKey(algorithm: 'RS256' | 'ES256' | 'EdDSA', kid: string) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { algorithm, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

export function signAsIssuer(
  { algorithm, kid, privateKey }: IssuerKey,
  claims: JWTPayload,
  header: { kid?: string | undefined; alg?: string } = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, kid, ...header } as { alg: string })
    .sign(privateKey);
}
