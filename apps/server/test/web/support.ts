import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { WebApp } from '../../src/routes/web.ts';
import { type HarnessOptions, startHarness } from '../harness.ts';

/** The smallest build that the server can serve. */
const BUILT = {
  'index.html': '<!doctype html><title>Chat</title>',
  'theme.js': 'document.documentElement.dataset.theme = "dark";',
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'assets/app-1a2b3c.js': 'export const answer = 42;',
  'assets/app-1a2b3c.js.br': 'not really brotli',
};

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A temporary folder with a built page or other files. It is removed with the test file. */
export async function webFolder(files: Readonly<Record<string, string>> = BUILT): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-web-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

export async function webApp(more: Partial<WebApp> = {}): Promise<WebApp> {
  const publishableKey = 'pk_live_ofTheChatPage';
  return { folder: await webFolder(), audience: 'this machine', publishableKey, ...more };
}

/** A server with the page of a team and a key for verified users. */
export async function startWithPage(more: Partial<WebApp> = {}, options: HarnessOptions = {}) {
  let publishableKey: string | undefined;
  const folder = await webFolder();
  const harness = await startHarness({
    ...options,
    web: {
      folder,
      audience: 'this machine',
      // The team is created through the server that needs its key.
      get publishableKey() {
        return publishableKey;
      },
      ...more,
    },
  });
  const team = await harness.makeTeam();
  publishableKey = await team.verifiedKey();
  return { ...harness, team, pageKey: publishableKey };
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the body; undefined if it is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** Sends exactly these headers. `fetch` would change `Host` and `Origin`. */
export function ask(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WebAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, setHost: headers['host'] === undefined });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const lines = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const isJson = response.headers['content-type']?.startsWith('application/json') && text !== '';
        const body = isJson ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: new Headers(lines), text, body });
      });
    });
    sent.end();
  });
}

/** Requests a session like the page of this server, with other headers if given. */
export function requestSession(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WebAnswer> {
  const { origin, host } = new URL(url);
  return ask(url, 'POST', '/web/session', { host, origin, 'sec-fetch-site': 'same-origin', ...headers });
}
