import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/**
 * A Chromium that runs here: an installed one (CHROME), or the one that npm has brought. Unpacking that is not
 * safe to be done by several processes at once.
 */
export async function findChrome(): Promise<string> {
  return process.env['CHROME'] ?? (await sparticuz.executablePath());
}

/** A browser that finds no other machine, whatever a page asks of it; `*.localhost` is this one, as another site. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost'],
  });
}
