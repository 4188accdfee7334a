import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { PackedPackage } from '../../scripts/packages/stage-packages.ts';

export interface PackageRegistry {
  /** For npm's `@parley:registry`. */
  readonly url: string;
  close(): Promise<void>;
}

/** An npm registry on 127.0.0.1 that has these packages, so that projects name them as their readers will. */
export async function startPackageRegistry(packed: readonly PackedPackage[]): Promise<PackageRegistry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const archive = packed.find(({ name }) => path === `${name}.tgz`);
    const one = packed.find(({ name }) => path === name);
    if (archive) createReadStream(archive.tarball).pipe(response);
    else if (one) void answerWith(response, packumentOf(one, `http://${request.headers.host}`));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answerWith(response: ServerResponse, body: Promise<object>): Promise<void> {
  response.setHeader('content-type', 'application/json');
  try {
    response.end(JSON.stringify(await body));
  } catch (error) {
    response.writeHead(500).end(JSON.stringify({ error: String(error) }));
  }
}

async function packumentOf({ name, version, folder, tarball }: PackedPackage, url: string): Promise<object> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  const dist = { tarball: `${url}/${name}.tgz`, integrity };
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
  };
}
