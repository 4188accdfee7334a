import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;
/** Below this, a packet is a packet. */
const BYTES_MIN = 1_024;

/** Puts `.br` and `.gz` beside each text file of the build, or the only one that is meant: the server sends what the browser takes. */
export function precompress({ only }: { readonly only?: string } = {}): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      for (const entry of entries) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
        if (only !== undefined && entry.name !== only) continue;
        const path = join(entry.parentPath, entry.name);
        const content = await readFile(path);
        if (content.length < BYTES_MIN) continue;
        // Both: browsers take brotli over HTTPS and on this machine alone.
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
        await writeFile(`${path}.br`, brotliCompressSync(content, { params }));
        await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
