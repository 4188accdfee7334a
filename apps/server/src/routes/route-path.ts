/** Converts a path of OpenAPI (`/chat/{chatId}`) to one of Fastify: `/chat/:chatId`. */
export function toRoutePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
