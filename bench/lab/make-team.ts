import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ServerSubject } from './lab.ts';
import type { OpenMongo } from './open-mongo.ts';

const ADMIN = fileURLToPath(new URL('../../apps/server/src/admin.ts', import.meta.url));

/** The same server for one more team, made as an operator makes one. */
export async function makeTeam(
  mongo: OpenMongo,
  server: ServerSubject,
  name: string,
): Promise<ServerSubject> {
  const env = { MONGODB_URI: mongo.uriOf(server.database), DATA_DIR: server.dataDir };
  const { stdout } = await promisify(execFile)(process.execPath, [ADMIN, 'team', 'create', name], { env });
  const { teamId, agentId, secretKey: key } = JSON.parse(stdout) as Record<string, string>;
  if (teamId === undefined || agentId === undefined || key === undefined) throw new Error(stdout);
  return { ...server, teamId, target: { ...server.target, agentId, key } };
}
