import { SignJWT } from 'jose';
import { currentUser } from '../../lib/current-user';
import { env } from '../../lib/env';

/** Signs who the user is. The page asks when it begins, and again when the token is over. */
export async function POST() {
  const token = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(await currentUser())
    .setAudience(env.team)
    .setExpirationTime('15m')
    .sign(new TextEncoder().encode(env.signingSecret));
  return new Response(token, { headers: { 'cache-control': 'no-store' } });
}
