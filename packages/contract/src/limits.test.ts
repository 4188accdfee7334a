import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limits } from './limits.ts';

test('the documented limits have their documented values', () => {
  expect(limits).toMatchObject({
    messageLengthMax: 32_000,
    userIdLengthMax: 256,
    metadataBytesMax: 16_384,
    metadataDepthMax: 8,
    bodyBytesMax: 524_288,
    agentBodyBytesMax: 1_048_576,
    batchBodyBytesMax: 1_048_576,
    bodyKeysMax: 10_000,
    bodyDepthMax: 32,
    rateLimitKey: 6_000,
    rateLimitUser: 60,
    rateLimitAddress: 1_200,
    rateLimitUnidentified: 120,
    rateLimitNewVisitors: 300,
    rateLimitFiles: 6_000,
    chatMessagesMax: 10_000,
    chatTextBytesMax: 16_777_216,
    chatListMax: 10_000,
    queuedTurnsPerChatMax: 8,
    idempotencyKeyLengthMax: 255,
    heartbeatMs: 10_000,
    streamsPerUserMax: 20,
    streamsPerAddressMax: 500,
    streamsMax: 10_000,
    runningTurnsMax: 1_000,
    runningPerAddressMax: 64,
    waitingPerAddressMax: 256,
    concurrentTurnsUser: 4,
    signingSecretsMax: 5,
  });
});

test('each limit belongs to one subject, so that none overrides another', async () => {
  const folder = new URL('limits/', import.meta.url);
  const modules = await Promise.all(readdirSync(folder).map((file) => import(new URL(file, folder).href)));
  const names = modules.flatMap((subject) => Object.values<object>(subject).flatMap(Object.keys));
  expect(names.toSorted()).toEqual(Object.keys(limits).toSorted());
});

test('withdrawn access ends within five seconds, with time for slow reads of the database', () => {
  const { cacheMs, authenticationMaxMs, streamFirstCheckMs, streamCheckEveryMs } = limits;
  const readsMs = 500;
  expect(cacheMs + authenticationMaxMs + streamFirstCheckMs + readsMs).toBeLessThanOrEqual(5_000);
  expect(streamCheckEveryMs + streamFirstCheckMs + readsMs).toBeLessThanOrEqual(5_000);
  expect(limits.blockSettledMs).toBeGreaterThan(cacheMs + authenticationMaxMs + limits.blockedUsersEveryMs);
});

test('the longest message fits the body limit, and the wait limit covers the turns ahead', () => {
  const escapedPair = '\\ud83d\\ude42'.length;
  expect(limits.messageLengthMax * escapedPair).toBeLessThan(limits.bodyBytesMax);
  expect(limits.sendWaitMaxMs).toBeGreaterThan(limits.turnTimeMaxMs);
  expect(limits.leaseMs * (limits.takeoversMax + 1)).toBeLessThan(limits.sendWaitMaxMs);
});

test('an answer fits a document, its log outlives it, and checks of running turns are frequent enough', () => {
  const bytesPerUnitMax = 3;
  const documentBytesMax = 16 * 1024 * 1024;
  const { answerLengthMax, turnLogSeconds, turnTimeMaxMs, takeoversMax } = limits;
  expect(answerLengthMax * bytesPerUnitMax).toBeLessThan(documentBytesMax / 2);
  const turnMs = (turnTimeMaxMs + 2 * limits.leaseMs) * (takeoversMax + 1);
  expect(turnLogSeconds * 1_000).toBeGreaterThan(3 * turnMs);
  expect(limits.tickMs * 4).toBeLessThan(limits.leaseMs / 4);
  expect(limits.tickMs).toBeLessThan(limits.cancelWaitMaxMs / 4);
  expect(limits.heartbeatMs * 3).toBeLessThanOrEqual(30_000);
  expect(limits.cancelWaitMaxMs).toBeLessThan(limits.heartbeatMs);
});
