import { t } from '../trpc.ts';
import { deleteUser } from './delete-user.ts';

export const userRouter = t.router({ delete: deleteUser });
