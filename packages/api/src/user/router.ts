import { t } from '../trpc.ts';
import { blockUser } from './block-user.ts';
import { deleteUser } from './delete-user.ts';
import { signOutUser } from './sign-out-user.ts';
import { unblockUser } from './unblock-user.ts';

/** The procedures of users. */
export const userRouter = t.router({
  delete: deleteUser,
  block: blockUser,
  unblock: unblockUser,
  signOut: signOutUser,
});
