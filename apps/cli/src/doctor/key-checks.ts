import { type AgentList, agentListSchema } from '@parley/contract';
import { configFile, isReadByOthers } from '../config.ts';
import { credentials, type Finding, get, type Patient, refusalIn } from './check.ts';

/** Whether the key works, what it is, and whether it is kept from others. */
export async function checkKey(patient: Patient): Promise<Finding[]> {
  const { access, env } = patient;
  if (!access) {
    return [{ name: 'key', status: 'fail', detail: 'you are not logged in', fix: 'parley login' }];
  }
  const kind = access.key.startsWith('sk_') ? 'secret' : 'publishable';
  const origin = { options: '--key', environment: 'PARLEY_KEY', config: 'parley login' }[access.from];
  const response = await get(patient, '/agent', credentials(patient));
  if (!response.ok) {
    return [
      {
        name: 'key',
        status: 'fail',
        detail: `the ${kind} key of ${origin} is refused: ${await refusalIn(response)}`,
        fix: 'Log in with another one: parley login',
      },
    ];
  }
  const works: Finding = { name: 'key', status: 'ok', detail: `the ${kind} key of ${origin} works` };
  return [
    works,
    await secrecyOf(configFile(env), access.from === 'config'),
    agentsOf(agentListSchema.parse(await response.json())),
  ];
}

async function secrecyOf(file: string, isUsed: boolean): Promise<Finding> {
  if (await isReadByOthers(file)) {
    return {
      name: 'config',
      status: 'fail',
      detail: `others on this machine may read the key in ${file}`,
      fix: `chmod 600 ${file}, and roll the key: parley keys roll`,
    };
  }
  return {
    name: 'config',
    status: 'ok',
    detail: isUsed ? `${file} is for you alone` : 'no kept key is used',
  };
}

function agentsOf({ agents }: AgentList): Finding {
  if (agents.length > 0) return { name: 'agents', status: 'ok', detail: `${agents.length} to chat with` };
  return { name: 'agents', status: 'fail', detail: 'the key reaches no agent', fix: 'parley agents create' };
}

/** Whether pages of an origin may use the key. */
export async function checkOrigin(patient: Patient, origin: string): Promise<Finding[]> {
  const response = await get(patient, '/agent', { ...credentials(patient), origin });
  const allowed = response.headers.get('access-control-allow-origin');
  if (response.ok && (allowed === '*' || allowed === origin)) {
    return [{ name: 'origin', status: 'ok', detail: `pages of ${origin} may use the key` }];
  }
  const detail = response.ok ? `pages of ${origin} cannot read the answer` : await refusalIn(response);
  return [{ name: 'origin', status: 'fail', detail, fix: 'Name the origin in the key, or use another key.' }];
}
