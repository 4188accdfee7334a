import { t } from '../trpc.ts';
import { cancelMessage } from './cancel-message.ts';
import { createMessage } from './create-message.ts';
import { deleteFeedback } from './delete-feedback.ts';
import { deleteMessage } from './delete-message.ts';
import { followMessage } from './follow-message.ts';
import { listMessages } from './list-messages.ts';
import { retryMessage } from './retry-message.ts';
import { searchMessages } from './search-messages.ts';
import { setFeedback } from './set-feedback.ts';

/** The procedures of messages. */
export const messageRouter = t.router({
  create: createMessage,
  list: listMessages,
  cancel: cancelMessage,
  retry: retryMessage,
  delete: deleteMessage,
  follow: followMessage,
  search: searchMessages,
  setFeedback,
  deleteFeedback,
});
