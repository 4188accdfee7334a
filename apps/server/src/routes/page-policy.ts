/**
 * The policy of the chat page and of its frame: they may load what this server serves and nothing else; what a model
 * writes runs nowhere. `framedBy` says which pages may frame them.
 */
export function pagePolicy(framedBy: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // KaTeX and what floats above the page (menus, dialogs, notes) style their elements in place.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy}`,
  ].join('; ');
}
