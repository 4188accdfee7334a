import 'server-only';

/** The signed-in user. Replace this with your own sign-in, whose session has the user's id. */
export async function currentUser(): Promise<string> {
  return 'user_42';
}
