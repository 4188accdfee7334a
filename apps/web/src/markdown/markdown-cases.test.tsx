// @vitest-environment happy-dom
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanup, render, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TooltipProvider } from '../ui/tooltip.tsx';
import { Markdown, preloadMarkdown } from './markdown.tsx';

afterEach(cleanup);

/** Renders a text as an answer of the page, once its plugins are loaded. */
async function show(text: string): Promise<HTMLElement> {
  await preloadMarkdown();
  const { container } = render(<Markdown text={text} isGrowing={false} />, { wrapper: TooltipProvider });
  return container;
}

const FOLDER = join(import.meta.dirname, '../../test/support/markdown');
/** The files that have a test here. */
const testedFiles = new Set<string>();
/** Declares a test of the text in a file. */
function testOf(file: string, sentence: string, check: (text: string) => Promise<void>): void {
  testedFiles.add(file);
  test(sentence, () => check(readFileSync(join(FOLDER, file), 'utf8')));
}

const textsOf = (root: HTMLElement, selector: string) =>
  [...root.querySelectorAll(selector)].map(({ textContent }) => textContent);
const hrefsOf = (root: HTMLElement) =>
  [...root.querySelectorAll('a')].map((link) => link.getAttribute('href'));
/** The direction of an element by the nearest `dir`. */
const directionOf = (element: Element | null) => element?.closest('[dir]')?.getAttribute('dir') ?? 'ltr';

describe('formulas', () => {
  testOf(
    'math-hugging-dollars.md',
    'dollars on the lines of a formula make one display formula, and the text after it is markdown',
    async (text) => {
      const root = await show(text);
      await waitFor(() => expect(root.querySelectorAll('.katex-display')).toHaveLength(1));
      expect(root.querySelector('.katex-error')).toBeNull();
      expect(textsOf(root, 'strong')).toEqual(['the formula']);
      expect(textsOf(root, 'li')).toEqual(['and a list']);
    },
  );

  testOf('math-one-line-display.md', 'a formula alone on its line is a display formula', async (text) => {
    const root = await show(text);
    await waitFor(() => expect(root.querySelectorAll('.katex-display')).toHaveLength(1));
  });

  test.each([
    ['a list', '- $$a^2$$\n- \\[b^2\\]', 'li .katex-display'],
    ['a quote', '> $$a^2$$\n>\n> \\[\n> b^2\n> \\]', 'blockquote .katex-display'],
    ['a quoted list', '> - $$a\n>   = b$$\n> - \\[c\\]', 'blockquote li .katex-display'],
  ])('display formulas stay in %s', async (_, text, selector) => {
    const root = await show(text);
    await waitFor(() => expect(root.querySelectorAll(selector)).toHaveLength(2));
    expect(root.querySelector('.katex-error')).toBeNull();
  });

  for (const [file, what] of [
    ['price-levels.md', 'dollars of prices'],
    ['dollar-variables.md', 'dollars of variables'],
  ] as const) {
    testOf(file, `${what} are no formulas`, async (text) => {
      // The other text makes the plugin of formulas load.
      await waitFor(async () => expect((await show('$x$')).querySelector('.katex')).not.toBeNull());
      cleanup();
      const root = await show(text);
      expect(root.querySelector('.katex')).toBeNull();
      expect(root.textContent).not.toContain('\\');
    });
  }

  testOf('table-pipes-math.md', 'a pipe ends the cell of a table also within a formula', async (text) => {
    const root = await show(text);
    expect(root.querySelectorAll('tr')).toHaveLength(3);
    expect(root.querySelectorAll('tr:first-child th')).toHaveLength(3);
  });
});

describe('Chinese, Japanese and Korean', () => {
  testOf('cjk-emphasis.md', 'emphasis may touch punctuation', async (text) => {
    const root = await show(text);
    expect(textsOf(root, 'strong')).toEqual(['注意：', '“取出并重置”模式', '重要です。', '경고(주의)']);
  });

  testOf('cjk-autolink.md', 'bare links end before punctuation and emphasis', async (text) => {
    const root = await show(text);
    expect(hrefsOf(root)).toEqual([
      'https://example.com/docs',
      'https://example.com/a',
      'https://example.com/bold',
    ]);
    expect(textsOf(root, 'strong a')).toEqual(['https://example.com/bold']);
  });

  test.each([
    ['https://zh.wikipedia.org/wiki/中文', 'https://zh.wikipedia.org/wiki/%E4%B8%AD%E6%96%87'],
    ['见 https://example.com/a_b_c/*x*/y 。', 'https://example.com/a_b_c/*x*/y'],
    ['https://example.com/a**b 后', 'https://example.com/a**b'],
    ['[看https://example.com/x（说明）](https://example.org/)', 'https://example.org/'],
  ])('%s is the link %s', async (text, href) => {
    expect(hrefsOf(await show(text))).toEqual([href]);
  });
});

describe('text from right to left', () => {
  testOf(
    'rtl.md',
    'paragraphs, lists and items have the direction of their own text, and code is written to the right',
    async (text) => {
      const root = await show(text);
      for (const selector of ['p', 'ol', 'li']) expect(directionOf(root.querySelector(selector))).toBe('rtl');
      for (const selector of ['p > code', 'pre'])
        expect(directionOf(root.querySelector(selector))).toBe('ltr');
    },
  );

  test('a quote and a list of two languages have both directions', async () => {
    const root = await show('> שלום\n\n- hello\n- مرحبا\n\nThe word مرحبا\n\n`code` שלום');
    expect(directionOf(root.querySelector('blockquote'))).toBe('rtl');
    expect([...root.querySelectorAll('ul, li')].map(directionOf)).toEqual(['ltr', 'ltr', 'rtl']);
    expect([...root.querySelectorAll('p')].map(directionOf)).toEqual(['rtl', 'ltr', 'rtl']);
  });
});

describe('HTML', () => {
  testOf('html-inline.md', 'kbd, sub, sup and details without attributes are elements', async (text) => {
    const root = await show(text);
    expect(textsOf(root, 'kbd')).toEqual(['Ctrl', 'C']);
    expect(textsOf(root, 'sub, sup')).toEqual(['2', '2']);
    expect(textsOf(root, 'details > summary')).toEqual(['More']);
    expect(textsOf(root, 'details > p')).toEqual(['Hidden text']);
    expect(root.querySelectorAll('br')).toHaveLength(1);
    expect(root.textContent).toContain('<b> © Generic: Array<string> and Map<K, V>. A < B and B > C.');
  });

  test.each([
    ['<kbd class="x">a</kbd>', 'kbd'],
    ['<details open>a</details>', 'details'],
    ['a <b>b</b>', 'b'],
    ['<kbd>never closed', 'kbd'],
    ['closed</sub> only', 'sub'],
  ])('%s is text', async (text, name) => {
    const root = await show(text);
    expect(root.querySelector(name)).toBeNull();
    expect(root.textContent).toBe(text);
  });
});

describe('footnotes', () => {
  testOf(
    'footnotes.md',
    'footnotes link within their message, with ids that are unique in the page',
    async (text) => {
      await preloadMarkdown();
      const { container } = render(
        <>
          <Markdown text={text} isGrowing={false} />
          <Markdown text={text} isGrowing={false} />
        </>,
      );
      const ids = [...container.querySelectorAll('[id]')].map(({ id }) => id);
      expect(new Set(ids).size).toBe(8);
      expect(ids).toHaveLength(8);
      for (const message of container.querySelectorAll('.markdown')) {
        const links = [...message.querySelectorAll('a')];
        expect(links).toHaveLength(4);
        for (const link of links) {
          const id = (link.getAttribute('href') ?? '').slice(1);
          expect([...message.querySelectorAll('[id]')].some((element) => element.id === id)).toBe(true);
        }
      }
    },
  );
});

describe('what is right already', () => {
  testOf(
    'list-with-code-between.md',
    'a numbered list with code between its items goes on counting',
    async (text) => {
      const root = await show(text);
      expect([...root.querySelectorAll('ol')].map((list) => list.start)).toEqual([1, 2, 3]);
    },
  );

  testOf('nested-list-2-spaces.md', 'a nested list is nested as CommonMark has it', async (text) => {
    const root = await show(text);
    expect(root.textContent).toContain('nested with three');
    expect(root.querySelectorAll('li').length).toBeGreaterThan(3);
  });

  testOf('tilde-range.md', 'single tildes are no strikethrough', async (text) => {
    expect(textsOf(await show(text), 'del')).toEqual(['struck']);
  });

  testOf('unclosed-fence-in-list.md', 'code in a list ends with its fence', async (text) => {
    const root = await show(text);
    expect(root.querySelectorAll('ul > li')).toHaveLength(2);
    expect(textsOf(root, 'strong')).toEqual(['bold']);
    expect(root.querySelector('pre')?.textContent).toContain('return "$x$"');
  });

  testOf('escaped-brackets.md', 'backslashes of paths stay', async (text) => {
    expect((await show(text)).textContent).toContain('and a list [x] here');
  });
});

describe('wide content', () => {
  testOf(
    'wide.md',
    'tables that are wider than the page scroll in a named group, and all columns are there',
    async (text) => {
      const root = await show(text);
      const columns = text
        .split('\n')
        .find((line) => line.startsWith('| column0'))
        ?.match(/column\d+/g);
      expect(textsOf(root, '[role="group"][aria-label="Table"] th')).toEqual(columns);
      expect(textsOf(root, 'li')).toEqual(['L'.repeat(300)]);
    },
  );
});

test('each file of texts has a test', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual([...testedFiles].toSorted());
});

describe('one answer never takes the page down', () => {
  test('an answer that cannot be rendered is shown as plain text', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await preloadMarkdown();
    // The buttons of code cannot be rendered without their provider.
    const { container } = render(
      <>
        <Markdown text={'```\nbroken\n```'} isGrowing={false} />
        <Markdown text="**whole**" isGrowing={false} />
      </>,
    );
    expect(container.textContent).toContain('```\nbroken\n```');
    expect(textsOf(container, 'strong')).toEqual(['whole']);
    log.mockRestore();
  });

  test.each([
    ['quotes', '>'.repeat(3_000)],
    ['lists', '* '.repeat(2_000)],
    ['numbered lists', '1. '.repeat(30)],
    ['lists of many lines', Array.from({ length: 150 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
  ])(
    '%s that are nested too deeply are shown as plain text, and the text after them as markdown',
    async (_, deep) => {
      const root = await show(`${deep} deep\n\n**After**`);
      expect(root.textContent).toContain(deep.slice(0, 40));
      expect(textsOf(root, 'strong')).toEqual(['After']);
      expect(root.querySelector('blockquote, li')).toBeNull();
    },
  );

  test('a quoted list of some levels is shown as it is', async () => {
    const root = await show(`${'> '.repeat(6)}${'- '.repeat(6)}deep`);
    expect(root.querySelectorAll('blockquote')).toHaveLength(6);
    expect(root.querySelectorAll('li')).toHaveLength(6);
  });
});
