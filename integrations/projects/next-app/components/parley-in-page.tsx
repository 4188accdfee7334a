'use client';

import { createParley, type Parley } from '@parley/client';
import { ParleyProvider } from '@parley/client/react';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';

interface Props {
  url: string;
  publishableKey: string;
  children: ReactNode;
}

const ParleyOfPage = createContext<Parley | undefined>(undefined);

/**
 * Makes the client, once for the page and all its ways. It belongs to a browser (it keeps what was not sent yet, and
 * follows chats), so there is none while the server renders.
 */
export function ParleyInPage({ url, publishableKey, children }: Props) {
  const [parley, setParley] = useState<Parley>();
  useEffect(() => {
    const made = createParley({ url, apiKey: publishableKey, userToken });
    setParley(made);
    return () => made.close();
  }, [url, publishableKey]);
  return <ParleyOfPage value={parley}>{children}</ParleyOfPage>;
}

/** Components that use the hooks are its children. They are shown as soon as a client exists. */
export function WithParley({ children }: { children: ReactNode }) {
  const parley = useContext(ParleyOfPage);
  return parley && <ParleyProvider parley={parley}>{children}</ParleyProvider>;
}

async function userToken(): Promise<string> {
  const response = await fetch('/parley-token', { method: 'POST' });
  if (!response.ok) throw new Error('You are not signed in.');
  return response.text();
}
