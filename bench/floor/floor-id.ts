import { randomUUID } from 'node:crypto';

/** An id as long as the server's, growing with time like them, made as cheaply as can be. */
export function floorId(prefix: string): string {
  const time = Date.now().toString(32).padStart(9, '0');
  return prefix + time + randomUUID().replaceAll('-', '').slice(0, 19);
}
