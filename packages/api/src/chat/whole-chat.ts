import { chatWithMessagesSchema } from '@parley/contract';
import { outputWithList } from '../large-list/output-with-list.ts';

/** The output of a chat with all its messages. One schema for all procedures: the OpenAPI document names it once. */
export const wholeChatOutput = outputWithList(chatWithMessagesSchema, 'messages');
