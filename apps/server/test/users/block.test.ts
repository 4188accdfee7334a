import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, AuditList, Message, UserBlock, UserSignOut } from '@parley/contract';
import { limits } from '@parley/contract';
import { connectDatabase } from '@parley/db';
import { longTest } from '@parley/embedded/testing/form';
import { SignJWT } from 'jose';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { errorCodeOf, openStream } from '../support/event-stream.ts';

/*
 * Blocks and sign-outs of users. After a block on one server, another server, here another connection, may accept the
 * user from its cache for at most five seconds.
 */

const { makeTeam, model, rest, startReplica, mongo } = await startHarness({ bounds: { tickMs: 20 } });
const other = await startReplica({ bounds: { tickMs: 20 }, hasOwnDatabase: true });
const elsewhere = await connectDatabase(mongo.uri);
afterAll(() => elsewhere.close());
const { userStatuses } = elsewhere.stores;
const WITHIN = { timeout: 5_000 };

async function userOf(id = 'user_1') {
  const team = await makeTeam();
  const headers = { 'x-api-key': await team.guestKey(), 'x-user-token': await team.userToken(id) };
  return { team, headers, own: team.withChatsOf(id) };
}
const codeFor = async (headers: Record<string, string>) => {
  const response = await fetch(`${other.url}/chat`, { headers });
  return response.ok ? 'success' : ((await response.json()) as { code: string }).code;
};

describe('a blocked user', () => {
  test('a blocked user is rejected by every server within five seconds, and accepted again without the block', async () => {
    const { team, headers } = await userOf();
    expect(await codeFor(headers)).toBe('success');
    await userStatuses.block({ team: team.id }, 'user_1');
    await expect.poll(() => codeFor(headers), WITHIN).toBe('user_blocked');
    await userStatuses.unblock({ team: team.id }, 'user_1');
    await expect.poll(() => codeFor(headers), WITHIN).toBe('success');

    const first = await team.rest<UserBlock>('PUT', '/user/user_1/block');
    expect(first).toMatchObject({ status: 200, body: { userId: 'user_1', blockedAt: expect.any(String) } });
    await expect.poll(() => codeFor(headers), WITHIN).toBe('user_blocked');
    expect(await rest('GET', '/chat', { headers })).toMatchObject({ status: 403 });
    // Other users of the team, and the team itself, are accepted as before.
    expect(await codeFor({ ...headers, 'x-user-token': await team.userToken('user_2') })).toBe('success');
    expect(await codeFor({ 'x-api-key': team.secretKey })).toBe('success');

    const again = await team.rest<UserBlock>('PUT', '/user/user_1/block');
    expect(again.body.blockedAt).toBe(first.body.blockedAt);
    expect((await team.rest('DELETE', '/user/user_1/block')).status).toBe(204);
    await expect.poll(() => codeFor(headers), WITHIN).toBe('success');
    expect((await team.rest('DELETE', '/user/user_1/block')).status).toBe(204);
    const { body } = await team.rest<AuditList>('GET', '/audit');
    expect(new Set(body.entries.map(({ action }) => action))).toEqual(
      new Set(['user.block', 'user.unblock']),
    );
  });

  longTest(
    'open streams of a blocked user end at another server, which reads credentials at the default interval',
    async () => {
      const { team, headers, own } = await userOf();
      const { id: chatId } = await own.makeChat();
      const checks = vi.spyOn(other.composition.services.stores.credentials, 'read');
      const query = { input: JSON.stringify({ chatId }) };
      const streams = await Promise.all([
        openStream(other.url, 'GET', `/chat/${chatId}/events`, { headers }),
        openStream(other.url, 'GET', '/trpc/chat.follow', { headers, query }),
      ]);
      expect(streams.map(({ status }) => status)).toEqual([200, 200]);
      // The first check of a new stream comes early. From then on, the interval decides.
      const opened = checks.mock.calls.length;
      const done = () => checks.mock.settledResults.filter(({ type }) => type === 'fulfilled').length;
      await expect.poll(done, WITHIN).toBeGreaterThan(opened);
      const codes: unknown[] = [];
      for (const stream of streams) void stream.rest().then((events) => codes.push(errorCodeOf(events)));
      expect((await team.rest('PUT', '/user/user_1/block')).status).toBe(200);
      // A slow machine gets more time than the interval, and less than the time after which unchecked streams end.
      await expect.poll(() => codes, { timeout: 20_000 }).toEqual(['user_blocked', 'user_blocked']);
      expect(limits.streamCheckEveryMs + limits.streamFirstCheckMs).toBeLessThan(WITHIN.timeout);
    },
    40_000,
  );

  test('blocking a user stops running answers with their text and cancels waiting messages', async () => {
    const { team, headers, own } = await userOf();
    const { id: chatId } = await own.makeChat();
    const gate = model.hold();
    const send = (content: string) =>
      rest<Answer>('POST', `/chat/${chatId}/message`, {
        headers,
        body: { content, role: 'user', wait: false },
      });
    const [running, waiting] = [await send('running'), await send('waiting')];
    expect([running.status, waiting.status]).toEqual([200, 200]);
    await team.rest('PUT', '/user/user_1/block');
    await expect
      .poll(async () => {
        const found = await mongo.raw.collection('turns').find({ chat: chatId }).toArray();
        return found.map(({ status }) => String(status));
      }, WITHIN)
      .toEqual(['stopped', 'stopped']);
    gate.release();
    // Their chat still exists for the team.
    const { body } = await team.rest<{ messages: Message[] }>('GET', `/chat/${chatId}/message`);
    expect(body.messages.map(({ content }) => content)).toEqual(['running', 'waiting']);
  });

  longTest(
    'an answer of a blocked user stops that a server accepted before it knew of the block',
    async () => {
      const { team, headers, own } = await userOf();
      const { id: chatId } = await own.makeChat();
      expect(await codeFor(headers)).toBe('success');
      const gate = model.hold();
      await userStatuses.block({ team: team.id }, 'user_1');
      const sent = await fetch(`${other.url}/chat/${chatId}/message`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'late', role: 'user', wait: false }),
      });
      expect(sent.status).toBe(200);
      await expect
        .poll(async () => (await mongo.raw.collection('turns').findOne({ chat: chatId }))?.['status'], {
          timeout: 12_000,
        })
        .toBe('stopped');
      gate.release();
    },
  );

  test('a message is rejected when its user was blocked while its body was sent', async () => {
    const { team, headers, own } = await userOf();
    const { id: chatId } = await own.makeChat();
    const body = JSON.stringify({ content: 'slow', role: 'user', wait: false });
    const sent = httpRequest(`${other.url}/chat/${chatId}/message`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': String(body.length) },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    sent.write(body.slice(0, 1));
    // By then the server has accepted the request by its headers, and the authentication is old.
    await delay(2 * limits.authenticationMaxMs);
    await userStatuses.block({ team: team.id }, 'user_1');
    await expect.poll(() => codeFor(headers), WITHIN).toBe('user_blocked');
    sent.end(body.slice(1));
    const answer = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(403);
    expect(await mongo.raw.collection('turns').countDocuments({ chat: chatId })).toBe(0);
  });

  test('a blocked guest cannot be claimed', async () => {
    const { team, headers } = await userOf();
    const guest = await team.makeGuest();
    await team.rest('PUT', `/user/${guest.userId}/block`);
    const claim = await rest('POST', '/guest/claim', { headers, body: { guestToken: guest.token } });
    expect(claim.apiError.code).toBe('user_blocked');
  });

  longTest('a guest cannot be claimed at a server that does not know of the block yet', async () => {
    const { team, headers } = await userOf();
    const guest = await team.makeGuest();
    const asGuest = { ...headers, 'x-user-token': guest.token };
    expect(await codeFor(asGuest)).toBe('success');
    await userStatuses.block({ team: team.id }, guest.userId);
    const claim = await rest('POST', '/guest/claim', { headers, body: { guestToken: guest.token } });
    expect(claim.apiError.code).toBe('user_blocked');
  });

  longTest('a user stays blocked when their data is deleted, and nothing stored names them', async () => {
    const user = 'grace@example.com';
    const { team, headers } = await userOf(user);
    await team.rest('PUT', `/user/${encodeURIComponent(user)}/block`);
    expect((await team.rest('DELETE', `/user/${encodeURIComponent(user)}`)).status).toBe(200);
    expect(await codeFor(headers)).toBe('user_blocked');
    const stored = await mongo.raw.collection('userStatuses').find({ team: team.id }).toArray();
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toContain('grace');
    await team.rest('DELETE', `/user/${encodeURIComponent(user)}/block`);
    expect(await mongo.raw.collection('userStatuses').countDocuments({ team: team.id })).toBe(0);
  });
});

describe('a user who was signed out', () => {
  const signed = async (team: { id: string }, claims: { iat?: Date }) => {
    const scope = { team: team.id as never };
    const { id, secret } = await mongo.database.stores.signingSecrets.ensure(scope);
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: 'HS256', kid: id })
      .setSubject('user_1')
      .setAudience(team.id)
      .setExpirationTime('10m');
    if (claims.iat) jwt.setIssuedAt(claims.iat);
    return jwt.sign(new TextEncoder().encode(secret));
  };

  test('a signed-out user is rejected with earlier tokens and those without `iat`, and accepted with a later one', async () => {
    const { team, headers } = await userOf();
    const [before, without] = [await signed(team, { iat: new Date() }), await signed(team, {})];
    for (const token of [before, without]) {
      expect(await codeFor({ ...headers, 'x-user-token': token })).toBe('success');
    }
    await userStatuses.signOut({ team: team.id }, 'user_1');
    for (const token of [before, without]) {
      const rejection = () => codeFor({ ...headers, 'x-user-token': token });
      await expect.poll(rejection, WITHIN).toBe('user_signed_out');
    }
    const { body } = await team.rest<UserSignOut>('POST', '/user/user_1/sign-out');
    const after = await signed(team, { iat: new Date(Date.parse(body.signedOutAt) + 1_000) });
    expect(await codeFor({ ...headers, 'x-user-token': after })).toBe('success');
    expect(await rest('GET', '/chat', { headers: { ...headers, 'x-user-token': before } })).toMatchObject({
      status: 401,
    });
  });

  test('a signed-out user is rejected with a token from the future', async () => {
    const { team, headers } = await userOf();
    const token = await signed(team, { iat: new Date(Date.now() + 120_000) });
    expect(await codeFor({ ...headers, 'x-user-token': token })).toBe('user_token_invalid');
  });

  test('a signed-out guest loses their token, and a new guest can be created', async () => {
    const team = await makeTeam();
    const guest = await team.makeGuest();
    const headers = { 'x-api-key': await team.guestKey(), 'x-user-token': guest.token };
    await team.rest('POST', `/user/${guest.userId}/sign-out`);
    expect(await codeFor(headers)).toBe('user_signed_out');
    const next = await team.makeGuest();
    expect(await codeFor({ ...headers, 'x-user-token': next.token })).toBe('success');
  });

  test('a signed-out guest cannot be claimed with their earlier token', async () => {
    const { team, headers } = await userOf();
    const guest = await team.makeGuest();
    const { id: chatId } = await team.withChatsOf(guest.userId).makeChat();
    await team.rest('POST', `/user/${guest.userId}/sign-out`);
    const claim = await rest('POST', '/guest/claim', { headers, body: { guestToken: guest.token } });
    expect([claim.status, claim.apiError.code]).toEqual([401, 'user_signed_out']);
    expect((await team.rest<{ userId: string }>('GET', `/chat/${chatId}`)).body.userId).toBe(guest.userId);
  });

  longTest('a signed-out guest does not live longer by using the rejected token', async () => {
    const team = await makeTeam();
    const headersOf = async (token: string) => ({
      'x-api-key': await team.guestKey(),
      'x-user-token': token,
    });
    const [out, idle] = [await team.makeGuest(), await team.makeGuest()];
    const guests = mongo.raw.collection('guests');
    const seenAt = new Date(Date.now() - 30 * 24 * 3_600_000);
    await guests.updateMany({ team: team.id }, { $set: { seenAt } });
    const seen = async ({ userId }: { userId: string }) =>
      Number((await guests.findOne({ _id: userId as never }))?.['seenAt']);
    await team.rest('POST', `/user/${out.userId}/sign-out`);
    expect(await codeFor(await headersOf(out.token))).toBe('user_signed_out');
    const wrongKey = { ...(await headersOf(idle.token)), 'x-api-key': team.publishableKey };
    expect(await codeFor(wrongKey)).toBe('user_token_invalid');
    // The accepted guest is noted, so a note of the rejected uses would have come before.
    const other = await team.makeGuest();
    await guests.updateOne({ _id: other.userId as never }, { $set: { seenAt } });
    expect(await codeFor(await headersOf(other.token))).toBe('success');
    await expect.poll(() => seen(other)).toBeGreaterThan(seenAt.getTime());
    expect(await Promise.all([seen(out), seen(idle)])).toEqual([seenAt.getTime(), seenAt.getTime()]);
  });

  test('a sign-out is stored longer than a guest and a cookie of the chat page can live', async () => {
    const { team } = await userOf();
    await team.rest('POST', '/user/user_1/sign-out');
    const stored = await mongo.raw.collection('userStatuses').findOne({ team: team.id });
    const { signedOutAt, forgetAt } = stored as unknown as Record<'signedOutAt' | 'forgetAt', Date>;
    const keptSeconds = (forgetAt.getTime() - signedOutAt.getTime()) / 1_000;
    const day = 24 * 3_600;
    expect(keptSeconds).toBeGreaterThanOrEqual(limits.guestSeconds + day);
    expect(keptSeconds).toBeGreaterThanOrEqual(limits.webCookieSeconds + day);
  });
});
