import { useMessages, useSendMessage } from '@parley/client/react';
import { type FormEvent, useState } from 'react';

/** A whole chat: what was said, as it is written, and a line to write on. */
export function Chat({ chatId }: { chatId: string }) {
  const { entries, running } = useMessages(chatId);
  const { send, stop } = useSendMessage(chatId);
  const [text, setText] = useState('');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(text);
    setText('');
  };
  return (
    <main>
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
    </main>
  );
}
