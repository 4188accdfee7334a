import { scripts, startScriptedTool } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/*
 * Without `TOOLS_PRIVATE_ADDRESSES` no tool can have an address of this machine, in any notation. No setting allows an
 * address of a cloud platform.
 */

const { makeTeam, model, log } = await startHarness();
const team = await makeTeam();
const allowing = await startHarness({ toolAddresses: { arePrivateAllowed: true } });

const toolAt = (url: string) => ({
  name: 'inside',
  description: 'Reads what is inside.',
  parameters: { type: 'object' },
  url,
});

describe('API7 server side request forgery: agents cannot reach private addresses', () => {
  test.each([
    'http://example.com/tool',
    'https://127.0.0.1/tool',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://10.1.2.3:8443/',
    'https://169.254.169.254/latest/meta-data',
    'https://168.63.129.16/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
  ])('an agent with a tool at %s is rejected', async (url) => {
    const { status, apiError } = await team.rest('POST', '/agent', {
      body: { name: 'Ada', type: 'support', tools: [toolAt(url)] },
    });
    expect([status, apiError.code, apiError.issues?.[0]?.path]).toEqual([
      400,
      'invalid_input',
      'tools.0.url',
    ]);
  });

  test.each(['https://localhost', 'http://127.0.0.1'])(
    'a stored tool at %s is not called, and the message is answered',
    async (base) => {
      const tool = await startScriptedTool();
      const { port, pathname } = new URL(tool.url);
      const agent = await team.makeAgent({ tools: [toolAt(`${base}:${port}${pathname}`)] });
      const chat = await team.makeChat({ agentId: agent.id });
      model.reply(scripts.toolCalls([{ name: 'inside' }]), scripts.text('I may not.'));
      const logged = log.next(({ msg }) => msg === 'a tool gave no result');
      expect((await team.send(chat.id, 'what is inside?')).body.content).toBe('I may not.');
      expect(await logged).toMatchObject({ tool: 'inside', reason: 'refused_address' });
      expect(tool.calls()).toEqual([]);
      await tool.stop();
    },
  );
});

test.each(['https://168.63.129.16/', 'http://169.254.169.254/', 'https://[fd00:ec2::254]/'])(
  'an agent with a tool at the platform address %s is rejected although private addresses are allowed',
  async (url) => {
    const owner = await allowing.makeTeam();
    const agent = { name: 'Ada', type: 'support' };
    const { id } = await owner.makeAgent();
    for (const [method, path] of [
      ['POST', '/agent'],
      ['PUT', `/agent/${id}`],
    ] as const) {
      const body = { ...agent, tools: [toolAt(url)] };
      const { status, apiError } = await owner.rest(method, path, { body });
      expect([status, apiError.issues?.[0]?.path]).toEqual([400, 'tools.0.url']);
    }
    const allowed = { ...agent, tools: [toolAt('http://10.1.2.3/')] };
    expect((await owner.rest('POST', '/agent', { body: allowed })).status).toBe(200);
  },
);
