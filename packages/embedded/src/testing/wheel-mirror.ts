import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../run-command.ts';

/** A wheel made in a test: the options of `fetchWheel`, and its bytes. */
export interface FakeWheel {
  name: string;
  version: string;
  filename: string;
  sha256: string;
  bytes: number;
  content: Buffer;
}

/** Packs `files` (text by path in the archive) as a small valid wheel. */
export async function makeFakeWheel(
  name: string,
  version: string,
  files: Record<string, string>,
): Promise<FakeWheel> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-wheel-'));
  try {
    const archiveName = name.replaceAll('-', '_');
    const info = `${archiveName}-${version}.dist-info`;
    const all: Record<string, string> = {
      ...files,
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
      [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      [`${info}/RECORD`]: '',
    };
    for (const [path, text] of Object.entries(all)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
      await chmod(join(folder, path), 0o644);
    }
    const filename = `${archiveName}-${version}-py3-none-any.whl`;
    await pack(folder, filename, [...new Set(Object.keys(all).map((path) => path.split('/')[0] ?? path))]);
    const content = await readFile(join(folder, filename));
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { name, version, filename, sha256, bytes: content.length, content };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A running package index. */
export interface WheelMirror extends AsyncDisposable {
  /** The `indexUrl` of `fetchWheel`. */
  indexUrl: string;
  /** The number of requests for a wheel's file. */
  downloads(): number;
}

/** Answers the request for a wheel's file. */
export type ServeFile = (response: ServerResponse, wheel: FakeWheel) => void;

/** Starts a package index (PEP 503) on 127.0.0.1 with these wheels. */
export async function startWheelMirror(
  wheels: FakeWheel[],
  serveFile: ServeFile = serveWhole,
): Promise<WheelMirror> {
  let downloads = 0;
  const server = createServer((request, response) => {
    const listed = wheels.find(({ name }) => request.url === `/simple/${name}/`);
    const asked = wheels.find(({ filename }) => request.url === `/files/${filename}`);
    if (listed) {
      response.setHeader('content-type', 'text/html');
      response.end(`<!DOCTYPE html><a href="/files/${listed.filename}">${listed.filename}</a>`);
    } else if (asked) {
      downloads++;
      serveFile(response, asked);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    indexUrl: `http://127.0.0.1:${port}/simple/`,
    downloads: () => downloads,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const serveWhole: ServeFile = (response, { content }) => {
  response.writeHead(200, { 'content-length': content.length }).end(content);
};

/** Announces the whole file and disconnects in the middle. */
export const serveHalf: ServeFile = (response, { content }) => {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, content.length / 2), () => response.destroy());
};

async function pack(folder: string, filename: string, entries: string[]): Promise<void> {
  const args = ['-C', folder, 'python3', '-m', 'zipfile', '-c', filename, ...entries];
  const { exitCode, output } = await runCommand('env', args, { timeoutMs: 30_000 });
  if (exitCode !== 0) throw new Error(`The fake wheel could not be packed: ${output}`);
}
