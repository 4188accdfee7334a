import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|html|svg)$/;
/** Smaller files fit into one packet uncompressed. */
const BYTES_MIN = 1_024;

/**
 * A Vite plugin that writes `.br` and `.gz` files beside all text files of the build, or only beside the file
 * `only`.
 */
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
        // Browsers accept brotli only over HTTPS and from localhost, so gzip is needed too.
        const params = { [constants.BROTLI_PARAM_QUALITY]: 10 };
        await writeFile(`${path}.br`, brotliCompressSync(content, { params }));
        await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
