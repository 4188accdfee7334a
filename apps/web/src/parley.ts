import { createParley } from '@parley/client';
import { keyOfSession, tokenOfSession } from './session.ts';

/** The page's one client, for the server that the page came from. */
export const parley = createParley({ url: '', apiKey: keyOfSession, userToken: tokenOfSession });
