import type { ServerResponse } from 'node:http';

/** Shows an answer as it comes. */
export interface ShowAnswer {
  readonly start: (messageId: string, metadata: object) => void;
  readonly delta: (piece: string) => void;
  readonly end: (metadata: object) => void;
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-vercel-ai-ui-message-stream': 'v1',
};

/** As the server's events are: each piece in one of its own, with an id to resume at, sent when it is there. */
export function showAnswer(response: ServerResponse): ShowAnswer {
  let shown = 0;
  const write = (id: string, part: object) => {
    response.write(`id: ${id}\ndata: ${JSON.stringify(part)}\n\n`);
  };
  return {
    start(messageId, messageMetadata) {
      response.writeHead(200, HEADERS);
      write('0-0-0', { type: 'start', messageId, messageMetadata });
    },
    delta(piece) {
      if (shown === 0) write('1-1-0', { type: 'text-start', id: '0' });
      shown += piece.length;
      write(`1-1-${shown}`, { type: 'text-delta', id: '0', delta: piece });
    },
    end(messageMetadata) {
      write(`1-2-${shown}`, { type: 'text-end', id: '0' });
      write('1-3-0', { type: 'finish', messageMetadata });
      response.end('data: [DONE]\n\n');
    },
  };
}
