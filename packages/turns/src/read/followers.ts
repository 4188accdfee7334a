import type { Id } from '@parley/contract';
import type { TurnOutcome } from '../turn-outcome.ts';
import { Listeners } from './listeners.ts';

/** A notification about a chat: the chat has changed, was deleted, or loses its streams because this process drains. */
export type ChatNotice = 'changed' | 'deleted' | 'draining';

/**
 * The listeners of this process. They only shorten waits: followers find missed events, and the events of other
 * processes, in the database.
 */
export class Followers {
  /** A turn that runs here has new text, or does not run here any more. */
  readonly texts = new Listeners<Id<'turn'>, void>();
  readonly outcomes = new Listeners<Id<'turn'>, TurnOutcome>();
  readonly chats = new Listeners<Id<'chat'>, ChatNotice>();
  /** The lists of chats in a team. */
  readonly lists = new Listeners<Id<'team'>, Exclude<ChatNotice, 'deleted'>>();

  /** Attaches to the end of a turn and to the deletion of its chat. Returns the function that detaches. */
  attachToEnd(turn: Id<'turn'>, chat: Id<'chat'>, onEnd: (outcome: TurnOutcome) => void): () => void {
    const detachOutcome = this.outcomes.attach(turn, onEnd);
    const detachChat = this.chats.attach(chat, (news) => {
      if (news === 'deleted') onEnd({ kind: 'deleted' });
    });
    return () => {
      detachOutcome();
      detachChat();
    };
  }
}
