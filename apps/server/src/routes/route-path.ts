/** OpenAPI's path (`/chat/{chatId}`) as Fastify writes it: `/chat/:chatId`. */
export function toRoutePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
