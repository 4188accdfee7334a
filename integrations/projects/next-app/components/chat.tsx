'use client';

import { useMessages, useSendMessage } from '@parley/client/react';
import { type FormEvent, useState } from 'react';
import { WithParley } from './parley-in-page';

/** A whole chat: what was said, as it is written, and a line to write on. */
export function Chat({ chatId }: { chatId: string }) {
  return (
    <WithParley>
      <Messages chatId={chatId} />
    </WithParley>
  );
}

function Messages({ chatId }: { chatId: string }) {
  const { entries, running } = useMessages(chatId);
  const { send, stop } = useSendMessage(chatId);
  const [text, setText] = useState('');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(text);
    setText('');
  };
  return (
    <>
      {entries.map((entry) => (
        <p key={entry.key} className={entry.kind}>
          {entry.content}
        </p>
      ))}
      <form onSubmit={submit}>
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        <button type="submit">Send</button>
        {running && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
      </form>
    </>
  );
}
