import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserServer, chromium } from 'playwright-core';

/**
 * Starts Chromium: an installed one (CHROME) or the one from npm. Several processes must not unpack it at the
 * same time.
 */
export async function findChrome(): Promise<string> {
  return process.env['CHROME'] ?? (await sparticuz.executablePath());
}

/** A browser that cannot reach other machines. `*.localhost` resolves to this machine as another site. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args });
}

/** The same browser for several processes, which connect to it. */
export function launchServer(executablePath: string): Promise<BrowserServer> {
  return chromium.launchServer({ executablePath, args, host: '127.0.0.1' });
}

/** Connects to a `launchServer`. To close the connection closes its pages, not the browser. */
export function connect(address: string): Promise<Browser> {
  return chromium.connect(address);
}

const args = [
  '--no-sandbox',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost',
];
