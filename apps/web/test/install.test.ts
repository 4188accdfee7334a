import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, url } = await startBed();

test('the page can be installed as an app, with icons that exist', async () => {
  const { page, screen, context } = await visit();
  await screen.message.waitFor();
  const browser = await context.newCDPSession(page);
  const { errors, data = '' } = await browser.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { installabilityErrors } = await browser.send('Page.getInstallabilityErrors');
  // A test's window has no profile that an app could be installed for.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual(
    [],
  );

  const { icons } = JSON.parse(data) as { icons: { src: string; sizes: string; type: string }[] };
  for (const { src, sizes, type } of icons) {
    const response = await fetch(url + src);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    if (type !== 'image/png') continue;
    const size = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    expect(size).toBe(sizes);
  }
});

test('the manifest has its own type and is revalidated', async () => {
  const { status, headers } = await fetch(`${url}/manifest.webmanifest`);
  expect([status, headers.get('content-type')]).toEqual([200, 'application/manifest+json']);
  expect(headers.get('cache-control')).toBe('no-cache');
});
