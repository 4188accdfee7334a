import type { NewKey } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { transports } from '../support/transports.ts';

/* A page of another site with a key that it should not have, and the responses that it can read. */

const { makeTeam, url } = await startHarness();
const team = await makeTeam();

const SHOP = 'https://shop.example';
const make = async (body: object) => (await team.rest<NewKey>('POST', '/key', { body })).body.key;
const publishable = await make({ kind: 'publishable', access: 'open', origins: [SHOP] });
const secretOfShop = await make({ kind: 'secret', origins: [SHOP] });

/** Returns the response to a page of this origin, and whether its browser lets the page read it. */
async function ask(transport: (typeof transports)[number], key: string, origin: string | undefined) {
  const response = await fetch(`${url}${transport === 'rest' ? '/agent' : '/trpc/agent.list?input={}'}`, {
    headers: { 'x-api-key': key, ...(origin !== undefined && { origin }) },
  });
  const body = (await response.json()) as { code?: string; error?: { data: { apiError: { code: string } } } };
  const { code } = transport === 'rest' ? body : (body.error?.data.apiError ?? {});
  return { status: response.status, code, isReadable: response.headers.has('access-control-allow-origin') };
}

describe.each(transports)('the origins of keys over %s', (transport) => {
  test.each([
    ['publishable, with origins, from one of them', publishable, SHOP],
    ['publishable, without origins', team.publishableKey, 'https://anywhere.example'],
    ['publishable, from no page', publishable, undefined],
    ['secret, from no page', team.secretKey, undefined],
    ['secret, from the server’s own page', team.secretKey, url],
    ['secret, with origins, from one of them', secretOfShop, SHOP],
  ])('a key that is %s works', async (_, key, origin) => {
    expect(await ask(transport, key, origin)).toEqual({ status: 200, code: undefined, isReadable: true });
  });

  test.each([
    'https://evil.example',
    `${SHOP}.`,
    `${SHOP}:8443`,
    'http://shop.example',
    'null',
    `${SHOP}.evil.example`,
  ])('a publishable key from %s is rejected with a response that the page cannot read', async (origin) => {
    expect(await ask(transport, publishable, origin)).toEqual({
      status: 403,
      code: 'key_origin_not_allowed',
      isReadable: false,
    });
  });

  test.each([
    ['without origins', team.secretKey],
    ['of other origins', secretOfShop],
  ])('a secret key %s is rejected in a page, which cannot read the response', async (_, key) => {
    expect(await ask(transport, key, 'https://evil.example')).toEqual({
      status: 403,
      code: 'secret_key_in_browser',
      isReadable: false,
    });
  });
});
