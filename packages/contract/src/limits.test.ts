import { expect, test } from 'vitest';
import { limits } from './limits.ts';

test('the bounds that integrators build on are those that were promised', () => {
  expect(limits).toMatchObject({
    messageLengthMax: 32_000,
    userIdLengthMax: 256,
    metadataBytesMax: 16_384,
    metadataDepthMax: 8,
    bodyBytesMax: 1_048_576,
    chatMessagesMax: 10_000,
    chatTextBytesMax: 16_777_216,
    chatListMax: 10_000,
    queuedTurnsPerChatMax: 8,
  });
});

test('the largest message fits the body, and waiting fits the turns it waits for', () => {
  const escapedPair = '\\ud83d\\ude42'.length;
  expect(limits.messageLengthMax * escapedPair).toBeLessThan(limits.bodyBytesMax);
  expect(limits.sendWaitMaxMs).toBeGreaterThan(limits.turnTimeMaxMs);
  expect(limits.leaseMs * (limits.takeoversMax + 1)).toBeLessThan(limits.sendWaitMaxMs);
});
