import { type AgentList, agentListSchema } from '@parley/contract';
import { configFile, isReadByOthers } from '../config.ts';
import { apiErrorIn, type CheckTarget, credentials, type Finding, get } from './check.ts';

/** Checks that the key works, and that other users of the machine cannot read it. */
export async function checkKey(target: CheckTarget): Promise<Finding[]> {
  const { access, env } = target;
  if (!access) {
    return [{ name: 'key', status: 'fail', detail: 'you are not logged in', fix: 'parley login' }];
  }
  const kind = access.key.startsWith('sk_') ? 'secret' : 'publishable';
  const origin = { options: '--key', environment: 'PARLEY_KEY', config: 'parley login' }[access.from];
  const response = await get(target, '/agent', credentials(target));
  if (!response.ok) {
    return [
      {
        name: 'key',
        status: 'fail',
        detail: `the ${kind} key of ${origin} was rejected: ${await apiErrorIn(response)}`,
        fix: 'Log in with another key: parley login',
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
      fix: `Run chmod 600 ${file}, and replace the key: parley keys roll`,
    };
  }
  return {
    name: 'config',
    status: 'ok',
    detail: isUsed ? `only you can read ${file}` : 'no stored key is used',
  };
}

function agentsOf({ agents }: AgentList): Finding {
  if (agents.length > 0) return { name: 'agents', status: 'ok', detail: `${agents.length} available` };
  return { name: 'agents', status: 'fail', detail: 'the key reaches no agents', fix: 'parley agents create' };
}

/** Checks that pages of an origin may use the key. */
export async function checkOrigin(target: CheckTarget, origin: string): Promise<Finding[]> {
  const response = await get(target, '/agent', { ...credentials(target), origin });
  const allowed = response.headers.get('access-control-allow-origin');
  if (response.ok && (allowed === '*' || allowed === origin)) {
    return [{ name: 'origin', status: 'ok', detail: `pages of ${origin} may use the key` }];
  }
  const detail = response.ok ? `pages of ${origin} cannot read the response` : await apiErrorIn(response);
  return [{ name: 'origin', status: 'fail', detail, fix: 'Add the origin to the key, or use another key.' }];
}
