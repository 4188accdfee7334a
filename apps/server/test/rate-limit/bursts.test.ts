import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness } from '../harness.ts';

/* However many requests one address sends at once, requests of other addresses are processed between them. */

const BURST = 60;
const HOSTILE = '192.0.2.1';
const VISITOR = '198.51.100.1';

/** The teams whose agents are read, in the order in which the requests are processed. */
const reads: string[] = [];
const { makeTeam, url } = await startHarness({
  trustProxy: parseTrustProxy('loopback'),
  rateLimits: { unidentified: 5 },
  alter: (database) => {
    const { agents } = database.stores;
    const listSummaries: typeof agents.listSummaries = (scope, ...rest) => {
      reads.push(scope.team);
      return agents.listSummaries(scope, ...rest);
    };
    return { ...database, stores: { ...database.stores, agents: { ...agents, listSummaries } } };
  },
});

interface Client {
  readonly socket: Socket;
  readonly address: string;
}

/** A connection that the server has answered on, so that later writes to several such connections arrive together. */
async function open(address: string): Promise<Client> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.write(requestText(address, '/healthz'));
  await once(socket, 'data');
  return { socket, address };
}

function requestText(address: string, path: string, key?: string): string {
  const keyLine = key === undefined ? '' : `x-api-key: ${key}\r\n`;
  return `GET ${path} HTTP/1.1\r\nhost: p\r\nx-forwarded-for: ${address}\r\n${keyLine}\r\n`;
}

/** The burst's connections and the visitor's, which sends last. */
async function openAll(): Promise<readonly Client[]> {
  const burst = await Promise.all(Array.from({ length: BURST }, () => open(HOSTILE)));
  return [...burst, await open(VISITOR)];
}

/** Sends one request on each connection at the same time. Resolves to their first lines, in the order of arrival. */
async function sendAll(clients: readonly Client[], textFor: (address: string) => string) {
  const answers: { readonly address: string; readonly statusLine: string }[] = [];
  const all = clients.map(async ({ socket, address }) => {
    const [data] = (await once(socket, 'data')) as [Buffer];
    answers.push({ address, statusLine: data.toString().split('\r\n', 1)[0] ?? '' });
  });
  for (const { socket, address } of clients) socket.write(textFor(address));
  await Promise.all(all);
  return answers;
}

test('a request of another address is worked on before most of a burst that came first', async () => {
  const [hostile, visitor] = await Promise.all([makeTeam(), makeTeam()]);
  const keyOf = (address: string) => (address === VISITOR ? visitor.publishableKey : hostile.publishableKey);
  const ask = (address: string) => requestText(address, '/agent', keyOf(address));
  const clients = await openAll();
  // The server has cached both keys.
  await sendAll(clients, ask);
  reads.length = 0;

  const answers = await sendAll(clients, ask);
  expect(answers.filter(({ statusLine }) => !statusLine.includes('200'))).toEqual([]);
  expect(reads).toHaveLength(BURST + 1);
  expect(reads.indexOf(visitor.id)).toBeLessThan(BURST / 2);
});

test('a request of another address is answered before most of a burst of rejected requests', async () => {
  const ask = (address: string) => requestText(address, '/agent');
  const answers = await sendAll(await openAll(), ask);
  const limited = answers.filter(({ statusLine }) => statusLine.includes('429'));
  expect(limited).toHaveLength(BURST - 5);
  const visitorAt = answers.findIndex(({ address }) => address === VISITOR);
  expect(answers[visitorAt]?.statusLine).toContain('401');
  expect(visitorAt).toBeLessThan(BURST / 2);
});
