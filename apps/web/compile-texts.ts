import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';

const CATALOGUE = /\/src\/texts\/[a-z]{2}\.ts$/;

/** A Vite plugin that compiles the catalogues of texts, so that the built page contains no parser of the ICU format. */
export function compileTexts(): Plugin {
  return {
    name: 'compile-texts',
    apply: 'build',
    load: {
      filter: { id: CATALOGUE },
      async handler(path) {
        const name = basename(path, '.ts');
        const { [name]: texts } = (await import(`${pathToFileURL(path)}?${Date.now()}`)) as Catalogues;
        if (!texts) throw new Error(`${path} does not export "${name}"`);
        const compiled = Object.entries(texts).map(([id, text]) => [id, compileMessage(text)]);
        return `export const ${name} = ${JSON.stringify(Object.fromEntries(compiled))};`;
      },
    },
  };
}

type Catalogues = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
