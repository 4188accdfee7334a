import { randomUUID } from 'node:crypto';

/** An id as long as the server's and in its alphabet, growing with time like them, made as cheaply as can be. */
export function floorId<Prefix extends string>(prefix: Prefix): `${Prefix}${string}` {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${prefix}${time}${randomUUID().replaceAll('-', '').slice(0, 16)}`;
}
