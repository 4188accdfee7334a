import { type Browser, type BrowserContext, devices, type Page } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';
import { type Harness, type HarnessOptions, startHarness, type Team } from '../../../server/test/harness.ts';
import { launch } from './browser.ts';
import { ChatScreen } from './chat-screen.ts';
import { type Watch, watch } from './watch.ts';

/** Long enough for a machine that does other things as well; a test that waits so long fails. */
const ACTION_MAX_MS = 15_000;

export interface VisitOptions {
  /** Where the visit begins; the new chat page unless said otherwise. */
  readonly path?: string;
  readonly isDark?: boolean;
  readonly isPhone?: boolean;
}

/** Somebody at a browser of their own: own cookie, own storage. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The app, as it stands in `page`. */
  readonly screen: ChatScreen;
  readonly watch: Watch;
  /** Another tab of the same browser. */
  openTab(path: string): Promise<ChatScreen>;
}

/** A real browser in front of the real server, over a real database, with a scripted model. */
export interface Bed extends Harness {
  readonly browser: Browser;
  /** Whose page it is. */
  readonly team: Team;
  /** What the page gets: a key for verified users. */
  readonly pageKey: string;
  /** Opens the app. It is closed after the test, which fails when the page did something it never may. */
  visit(options?: VisitOptions): Promise<Visit>;
}

export async function startBed(options: HarnessOptions = {}): Promise<Bed> {
  let publishableKey: string | undefined;
  const harness = await startHarness({
    ...options,
    web: {
      folder: inject('webFolder'),
      audience: 'this machine',
      // The team is made through the server that needs its key.
      get publishableKey() {
        return publishableKey;
      },
    },
  });
  const team = await harness.makeTeam({ name: 'Assistant', type: 'assistant' });
  const pageKey = await team.verifiedKey();
  publishableKey = pageKey;
  const browser = await launch(inject('chromePath'));
  const visits: Visit[] = [];

  afterAll(() => browser.close());
  afterEach(async () => {
    const ended = visits.splice(0);
    await Promise.all(ended.map(({ context }) => context.close()));
    expect(ended.flatMap((visit) => visit.watch.problems())).toEqual([]);
  });

  return {
    ...harness,
    browser,
    team,
    pageKey,
    async visit({ path = '/', isDark = false, isPhone = false } = {}) {
      const context = await browser.newContext({
        baseURL: harness.url,
        colorScheme: isDark ? 'dark' : 'light',
        locale: 'en-GB',
        ...(isPhone ? devices['iPhone 13'] : { viewport: { width: 1280, height: 800 } }),
      });
      context.setDefaultTimeout(ACTION_MAX_MS);
      const watched = await watch(context, harness.url);
      const openTab = async (at: string) => {
        const page = await context.newPage();
        await page.goto(at);
        return new ChatScreen(page);
      };
      const screen = await openTab(path);
      const visit = { context, page: screen.page, screen, watch: watched, openTab };
      visits.push(visit);
      return visit;
    },
  };
}
