import { compact, type Id, turnIdOf, utcDay } from '@parley/contract';
import { trusted } from 'mongoose';
import type { ChatAccess } from '../chat/chat-access.ts';
import { chatsWithin } from '../chat/chats-within.ts';
import { isMarker } from '../chat/deletion-marker.ts';
import type { Models } from '../models.ts';
import type { TurnDocument } from '../turn/turn-model.ts';
import { isEnded } from '../turn/turn-status.ts';
import { authorOf, feedbackId, partsOfFeedbackId } from './feedback-id.ts';
import type { FeedbackStore } from './feedback-port.ts';
import type { FeedbackOnAnswer, FeedbackRecord } from './feedback-records.ts';

/** Creates the store of feedback. */
export function createFeedbackStore({ chats, turns, feedback }: Models): FeedbackStore {
  return {
    async set(access, message, content) {
      const { chat, scope } = access;
      const answer = await findAnswer(access, message);
      if (!answer) return 'missing';
      if (!answer.hasText) return 'no-text';
      const { team } = chat;
      const _id = feedbackId(chat.id, message, authorOf(scope));
      const change = changeTo(content);
      const isConfirmed = { pendingSince: trusted({ $exists: false }) };
      const { matchedCount } = await feedback.updateOne({ _id, team, ...isConfirmed }, change);
      if (matchedCount === 1) {
        await raiseRevision(access);
        return 'set';
      }
      // Lists read feedback only in chats with this mark, so the mark comes first.
      const ownChat = { _id: chat.id, ...chatsWithin(scope) };
      const marked = await chats.updateOne(ownChat, { $set: { hasFeedback: true } });
      if (marked.matchedCount === 0) return 'missing';
      const { agentVersion, day } = answer;
      const $setOnInsert = compact({ team, agent: chat.agent, agentVersion, day, pendingSince: new Date() });
      await feedback.updateOne({ _id }, { ...change, $setOnInsert }, { upsert: true });
      // A chat that was deleted before the insert is not found here. A later deletion removes the feedback itself.
      if ((await chats.exists(ownChat)) === null) {
        await feedback.deleteOne({ _id });
        return 'missing';
      }
      await feedback.updateOne({ _id, team }, { $unset: { pendingSince: 1 } });
      await raiseRevision(access);
      return 'set';
    },

    async remove(access, message) {
      const { chat, scope } = access;
      if (!(await findAnswer(access, message))) return false;
      const _id = feedbackId(chat.id, message, authorOf(scope));
      const { deletedCount } = await feedback.deleteOne({ _id, team: chat.team });
      if (deletedCount > 0) await raiseRevision(access);
      return true;
    },

    async listOwn({ chat, scope }, messages) {
      const ids = messages.map((message) => feedbackId(chat.id, message, authorOf(scope)));
      const found = await feedback
        .find({ _id: trusted({ $in: ids }), team: chat.team }, { rating: 1, comment: 1 })
        .lean();
      return found.map(({ _id, rating, comment }) => {
        const { message } = partsOfFeedbackId(_id);
        return compact({ message, rating, comment }) satisfies FeedbackOnAnswer;
      });
    },
  };

  /** Followers of the chat compare it. */
  async function raiseRevision({ chat: { id: _id }, scope }: ChatAccess): Promise<void> {
    await chats.updateOne({ _id, ...chatsWithin(scope) }, { $inc: { revision: 1 } });
  }

  async function findAnswer({ chat: { id: chat, team } }: ChatAccess, message: Id<'message'>) {
    const _id = turnIdOf(message);
    if (_id === undefined) return undefined;
    const fields = {
      chat: 1,
      status: 1,
      agentVersion: 1,
      createdAt: 1,
      endedAt: 1,
      'messages.id': 1,
    } as const;
    const found = await turns.findOne({ _id, chat, team }, fields).lean<AnswerFields>();
    if (!found || isMarker(found)) return undefined;
    const { status, messages, agentVersion, createdAt, endedAt = createdAt } = found;
    const hasText = isEnded(status) && messages.some(({ id }) => id === message);
    return { hasText, agentVersion, day: utcDay(endedAt) };
  }
}

type AnswerFields = Pick<
  TurnDocument,
  '_id' | 'chat' | 'status' | 'agentVersion' | 'createdAt' | 'endedAt' | 'messages'
>;

/** The update that replaces the rating and the comment. */
function changeTo({ rating, comment }: FeedbackRecord) {
  const updatedAt = new Date();
  return comment === undefined
    ? { $set: { rating, updatedAt }, $unset: { comment: 1 } }
    : { $set: { rating, updatedAt, comment } };
}
