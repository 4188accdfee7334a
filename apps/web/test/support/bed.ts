import { type Browser, type BrowserContext, devices, type Page } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';
import { type Harness, type HarnessOptions, startHarness, type Team } from '../../../server/test/harness.ts';
import { connect } from './browser.ts';
import { ChatScreen } from './chat-screen.ts';
import { type Watch, watch } from './watch.ts';

/** Generous for busy machines: a test that waits this long fails. */
const ACTION_MAX_MS = 15_000;

/** Options of `Bed.visit`. */
export interface VisitOptions {
  /** The first page. Default: the new chat page. */
  readonly path?: string;
  readonly isDark?: boolean;
  readonly isPhone?: boolean;
  /** The language of the browser. Default: `en-GB`. */
  readonly locale?: string;
}

/** A visitor with a browser context of their own: own cookies, own storage. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The app as shown in `page`. */
  readonly screen: ChatScreen;
  readonly watch: Watch;
  /** Opens another tab of the same browser. */
  openTab(path: string): Promise<ChatScreen>;
}

/** A real browser with the real server, a real database and a scripted model. */
export interface Bed extends Harness {
  readonly browser: Browser;
  /** The team of the page. */
  readonly team: Team;
  /** The page's key, for verified users. */
  readonly pageKey: string;
  /** Opens the app. Closes it after the test, and fails the test if the page did something forbidden. */
  visit(options?: VisitOptions): Promise<Visit>;
}

/** Starts a test bed, which is closed after the test file. */
export async function startBed(options: HarnessOptions = {}): Promise<Bed> {
  let publishableKey: string | undefined;
  const harness = await startHarness({
    ...options,
    web: {
      folder: inject('webFolder'),
      audience: 'this machine',
      // The server of the page needs the team's key, so another server creates the team first.
      get publishableKey() {
        return publishableKey;
      },
    },
  });
  const team = await harness.makeTeam({ name: 'Assistant', type: 'assistant' });
  const pageKey = await team.verifiedKey();
  publishableKey = pageKey;
  const browser = await connect(inject('browserAddress'));
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
    async visit({ path = '/', isDark = false, isPhone = false, locale = 'en-GB' } = {}) {
      const context = await browser.newContext({
        baseURL: harness.url,
        colorScheme: isDark ? 'dark' : 'light',
        locale,
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
