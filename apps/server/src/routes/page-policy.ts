/**
 * Returns the policy of the chat page and its frame: they may load only what this server serves, and nothing that a
 * model writes can run. `framedBy` is the list of pages that may frame them, and `picture` one picture of another site.
 */
export function pagePolicy(framedBy: string, picture = ''): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // KaTeX, menus, dialogs and notes set inline styles.
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: ${picture}`.trimEnd(),
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy}`,
  ].join('; ');
}
