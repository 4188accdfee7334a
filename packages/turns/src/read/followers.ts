import type { Id } from '@parley/contract';
import type { TurnOutcome } from '../turn-outcome.ts';
import { Listeners } from './listeners.ts';

/** News of a chat: something is new in it; it was deleted; this process ends its streams. */
export type ChatNotice = 'changed' | 'deleted' | 'draining';

/**
 * The listeners of this process. They only save waiting: followers find in the database what happens elsewhere, and what
 * they miss here.
 */
export class Followers {
  /** A turn that runs here has new text, or does not run here any more. */
  readonly texts = new Listeners<Id<'turn'>, void>();
  readonly outcomes = new Listeners<Id<'turn'>, TurnOutcome>();
  readonly chats = new Listeners<Id<'chat'>, ChatNotice>();

  /** Attaches to the end of a turn, be it that its chat is deleted. Returns the function that detaches. */
  attachToEnd(turn: Id<'turn'>, chat: Id<'chat'>, onEnd: (outcome: TurnOutcome) => void): () => void {
    const detachOutcome = this.outcomes.attach(turn, onEnd);
    const detachChat = this.chats.attach(chat, (news) => {
      if (news === 'deleted') onEnd({ kind: 'gone' });
    });
    return () => {
      detachOutcome();
      detachChat();
    };
  }
}
