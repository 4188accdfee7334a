import { Readable } from 'node:stream';
import { chatMarkdown } from '@parley/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createCaller, rejecting } from './direct-call.ts';
import { inTurns } from './large-answers.ts';

/**
 * Sends a chat as a file: its JSON, or Markdown that is written while the client reads it. The messages are read before the
 * first byte is sent, through the places for large lists, so that an error is never in the middle of a file.
 */
export async function sendExport(
  request: FastifyRequest,
  reply: FastifyReply,
  input: object,
  readJson: () => Promise<string>,
): Promise<FastifyReply> {
  const { chatId } = request.params as { readonly chatId: string };
  if (!('format' in input) || input.format !== 'md') {
    const json = await readJson();
    return attach(reply, `${chatId}.json`).type('application/json; charset=utf-8').send(json);
  }
  // The procedure validates its input, whose type is not known here.
  const chat = await rejecting(() => createCaller(request.context).chat.export(input as never));
  if (request.largeLists) {
    // The lists' JSON is not sent.
    request.largeLists = undefined;
    request.server.unsentAnswers.add(reply.raw);
  }
  const pieces = Readable.from(inTurns(chatMarkdown(chat)), { objectMode: false });
  return attach(reply, `${chat.id}.md`).type('text/markdown; charset=utf-8').send(pieces);
}

/** The name of a file is an id, which needs no quoting. */
function attach(reply: FastifyReply, filename: string): FastifyReply {
  return reply.header('content-disposition', `attachment; filename="${filename}"`);
}
