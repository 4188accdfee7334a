interface Target {
  readonly url: string;
  readonly guestKey: string;
  readonly agentId: string;
  /** What it sends: a message that the model does not answer. */
  readonly message: string;
}

const GUESTS = 50;
const SENDS = 4;

/**
 * One address that takes all it can get: 50 guests who send four messages each to a model that hangs, again and again, as
 * fast as they are answered, until the signal aborts. Answers how often each status came.
 */
export async function attack(
  { url, guestKey, agentId, message }: Target,
  address: string,
  signal: AbortSignal,
) {
  const statuses = new Map<number, number>();

  async function ask(method: string, path: string, token?: string, body?: object): Promise<unknown> {
    const response = await fetch(url + path, {
      method,
      headers: {
        'x-forwarded-for': address,
        'x-api-key': guestKey,
        'content-type': 'application/json',
        ...(token !== undefined && { 'x-user-token': token }),
      },
      body: JSON.stringify(body ?? {}),
    });
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    return response.json();
  }

  async function beGuest(): Promise<void> {
    let token: string | undefined;
    while (!signal.aborted) {
      token ??= ((await ask('POST', '/guest')) as { token?: string }).token;
      const { id } = (await ask('POST', '/chat', token, { agentId })) as { id?: string };
      for (let send = 0; send < SENDS; send++) {
        const body = { content: message, role: 'user', wait: false };
        await ask('POST', `/chat/${id ?? 'chat_none'}/message`, token, body);
      }
      await pause(signal);
    }
  }

  await Promise.all(Array.from({ length: GUESTS }, beGuest));
  return statuses;
}

/** One machine plays everybody: an attack without a pause would take its processor, not the server's places. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 2_000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
