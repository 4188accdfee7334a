import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

/**
 * Starts Chromium: an installed one (CHROME) or the one from npm. Several processes must not unpack it at the
 * same time.
 */
export async function findChrome(): Promise<string> {
  return process.env['CHROME'] ?? (await sparticuz.executablePath());
}

/** A browser that cannot reach other machines. `*.localhost` resolves to this machine as another site. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost'],
  });
}
