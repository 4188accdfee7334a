import type { BrowserContext, Page } from 'playwright-core';

/** Records forbidden events, one line each. */
export interface Watch {
  /** Returns all recorded events that are not expected. */
  problems(): readonly string[];
  /** Allows events that match, such as network errors in a test that cuts the network. */
  expectProblem(form: RegExp): void;
  /** The URLs of all requests so far. */
  readonly requests: readonly string[];
}

/** Watches all pages of a context for requests to other hosts, errors and policy violations. */
export async function watch(context: BrowserContext, origin: string): Promise<Watch> {
  const noticed: string[] = [];
  const requests: string[] = [];
  const expected: RegExp[] = [];
  const watched = new WeakSet<Page>();

  context.on('request', (request) => {
    const url = request.url();
    requests.push(url);
    if (!url.startsWith(`${origin}/`) && !/^(?:data|blob):/.test(url)) noticed.push(`request to ${url}`);
  });
  context.on('page', watchPage);
  await context.exposeBinding('parleyBreach', (_source, text: string) => void noticed.push(text));
  await context.addInitScript(() => {
    const report = (window as unknown as { parleyBreach(text: string): void }).parleyBreach;
    document.addEventListener('securitypolicyviolation', (event) => {
      report(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample} (${event.sourceFile})`);
    });
  });

  function watchPage(page: Page): void {
    if (watched.has(page)) return;
    watched.add(page);
    page.on('console', (message) => {
      if (message.type() === 'error') noticed.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => noticed.push(`error: ${error.stack ?? error.message}`));
    page.on('dialog', (dialog) => {
      noticed.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  return {
    problems: () => noticed.filter((line) => !expected.some((form) => form.test(line))),
    expectProblem: (form) => void expected.push(form),
    requests,
  };
}
