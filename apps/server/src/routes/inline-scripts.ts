import { createHash } from 'node:crypto';

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** Returns the hashes of the scripts within HTML pages, for a content security policy (CSP3, "hash-source"). */
export function inlineScriptHashes(pages: readonly string[]): string[] {
  const scripts = new Set(
    pages.flatMap((html) => [...html.matchAll(INLINE_SCRIPT)].map(([, script = '']) => script)),
  );
  return [...scripts].map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
}
