import { t } from '../trpc.ts';
import { createMessage } from './create-message.ts';
import { listMessages } from './list-messages.ts';

export const messageRouter = t.router({ create: createMessage, list: listMessages });
