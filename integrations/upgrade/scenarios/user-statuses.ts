import { expect } from 'vitest';
import { contentsOf, send, type UpgradeScenario } from '../scenario.ts';

const SOON = { timeout: 30_000 };

export const userStatuses: readonly UpgradeScenario[] = [
  {
    name: 'a user who is signed out at this version is signed out there alone, and keeps their chats for both',
    fields: ['userStatuses.team', 'userStatuses.user', 'userStatuses.signedOutAt', 'userStatuses.forgetAt'],
    async run({ old, current }) {
      const access = { kind: 'publishable', access: 'guest' };
      const { key } = (await old.call('POST', '/key', { body: access })).body;
      const { body: guest } = await old.call('POST', '/guest', { key });
      const as = { key, headers: { 'x-user-token': guest.token } };
      const { body: chat } = await current.call('POST', '/chat', {
        body: { agentId: current.agentId },
        ...as,
      });
      expect((await send(old, chat.id, 'scenario/before-the-sign-out', as)).status).toBe(200);
      expect((await current.call('POST', `/user/${guest.userId}/sign-out`)).status).toBe(200);
      const codeAt = async (server: typeof old) => (await server.call('GET', '/chat', as)).body.code;
      await expect.poll(() => codeAt(current), SOON).toBe('user_signed_out');
      // The old version does not read the status of users. A sign-out is complete when its last server has ended.
      expect(await codeAt(old)).toBeUndefined();
      expect((await send(old, chat.id, 'scenario/after-the-sign-out', as)).status).toBe(200);
      for (const server of [old, current]) expect(await contentsOf(server, chat.id)).toHaveLength(4);
    },
  },
];
