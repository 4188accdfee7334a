/** A part of the site, as its sidebar shows it. */
export interface Section {
  readonly text: string;
  readonly pages: readonly Page[];
}

interface Page {
  readonly text: string;
  /** The Markdown file, from the repository's root. */
  readonly file: string;
  /** Where it is in the site, without `.md`. */
  readonly at: string;
}

/** All pages of the site. Other files are not published. */
export const sections: readonly Section[] = [
  {
    text: 'Guide',
    pages: [
      { text: 'In five minutes', file: 'docs/guide/five-minutes.md', at: 'guide/five-minutes' },
      { text: 'Chats, turns, streams', file: 'docs/guide/concepts.md', at: 'guide/concepts' },
      { text: 'Versions of messages', file: 'docs/versions.md', at: 'versions' },
      { text: 'Agents and tools', file: 'docs/agents-and-tools.md', at: 'agents-and-tools' },
      { text: 'Keys and users', file: 'docs/security.md', at: 'security' },
      { text: 'The chat page', file: 'docs/web-app.md', at: 'web-app' },
      { text: 'A chat in your own pages', file: 'docs/embed.md', at: 'embed' },
      { text: 'In your own apps', file: 'docs/other-apps.md', at: 'other-apps' },
      { text: 'The client and its hooks', file: 'packages/client/README.md', at: 'client' },
      { text: 'The terminal', file: 'docs/cli.md', at: 'cli' },
    ],
  },
  {
    text: 'Recipes',
    pages: [
      { text: 'curl', file: 'docs/recipes/curl.md', at: 'recipes/curl' },
      { text: 'Python', file: 'docs/recipes/python.md', at: 'recipes/python' },
      { text: 'Go', file: 'docs/recipes/go.md', at: 'recipes/go' },
      { text: 'TypeScript', file: 'docs/recipes/typescript.md', at: 'recipes/typescript' },
      { text: 'tRPC', file: 'docs/recipes/trpc.md', at: 'recipes/trpc' },
      { text: 'useChat of the AI SDK', file: 'docs/recipes/ai-sdk.md', at: 'recipes/ai-sdk' },
      { text: 'assistant-ui', file: 'docs/recipes/assistant-ui.md', at: 'recipes/assistant-ui' },
      { text: 'Generated clients', file: 'docs/clients.md', at: 'clients' },
    ],
  },
  {
    text: 'Operate',
    pages: [
      { text: 'Run it', file: 'docs/operate.md', at: 'operate' },
      { text: 'Model servers', file: 'docs/models.md', at: 'models' },
      { text: 'Files', file: 'docs/files.md', at: 'files' },
      { text: 'Limits, budgets, usage', file: 'docs/limits-and-usage.md', at: 'limits-and-usage' },
      { text: 'Data', file: 'docs/data.md', at: 'data' },
      { text: 'Durability', file: 'docs/durability.md', at: 'durability' },
      { text: 'Performance', file: 'docs/performance.md', at: 'performance' },
      { text: 'Report a vulnerability', file: 'SECURITY.md', at: 'report' },
    ],
  },
  {
    text: 'Reference',
    pages: [
      { text: 'Errors', file: 'docs/errors.md', at: 'errors' },
      { text: 'Architecture', file: 'ARCHITECTURE.md', at: 'architecture' },
      { text: 'A tour of the code', file: 'docs/tour.md', at: 'tour' },
      { text: 'Decisions', file: 'docs/decisions/README.md', at: 'decisions/index' },
      { text: 'Changes', file: 'CHANGELOG.md', at: 'changelog' },
      { text: 'Contribute', file: 'CONTRIBUTING.md', at: 'contributing' },
    ],
  },
];
