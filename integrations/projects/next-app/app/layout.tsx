import type { Metadata } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { ParleyInPage } from '../components/parley-in-page';
import { env } from '../lib/env';

export const metadata: Metadata = { title: 'Chats' };

export default async function Layout({ children }: { children: ReactNode }) {
  // The environment is read when the app runs, not when it is built.
  await connection();
  return (
    <html lang="en">
      <body>
        <ParleyInPage url={env.url} publishableKey={env.publishableKey}>
          {children}
        </ParleyInPage>
      </body>
    </html>
  );
}
