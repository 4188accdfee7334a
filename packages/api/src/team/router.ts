import { t } from '../trpc.ts';
import { getTeam } from './get-team.ts';
import { updateTeam } from './update-team.ts';

/** The procedures of the team. */
export const teamRouter = t.router({ get: getTeam, update: updateTeam });
