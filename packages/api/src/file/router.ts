import { t } from '../trpc.ts';
import { createFile } from './create-file.ts';
import { deleteFile } from './delete-file.ts';
import { getFile } from './get-file.ts';

/** The procedures of files. */
export const fileRouter = t.router({ create: createFile, get: getFile, delete: deleteFile });
