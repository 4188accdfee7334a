import { t } from '../trpc.ts';
import { getTeam } from './get-team.ts';
import { updateTeam } from './update-team.ts';

export const teamRouter = t.router({ get: getTeam, update: updateTeam });
