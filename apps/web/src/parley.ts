import { createParley } from '@parley/client';
import { keyOfSession, tokenOfSession } from './session.ts';

/** The client of the chat page, for the server that the page came from. */
export const parley = createParley({ url: '', apiKey: keyOfSession, userToken: tokenOfSession });
