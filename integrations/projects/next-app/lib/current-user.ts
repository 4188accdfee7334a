import 'server-only';

/** Who is signed in. Your own sign-in stands here: its session says the user's id. */
export async function currentUser(): Promise<string> {
  return 'user_42';
}
