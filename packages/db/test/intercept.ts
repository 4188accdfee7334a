/** A model, or any other object, one of whose functions is called through `handler`. `proceed` calls the function itself. */
export function intercept<Target extends object>(
  target: Target,
  name: keyof Target,
  handler: (proceed: () => Promise<unknown>) => Promise<unknown>,
): Target {
  return new Proxy(target, {
    get(own, property, receiver) {
      const value: unknown = Reflect.get(own, property, receiver);
      if (property !== name || typeof value !== 'function') return value;
      return (...args: unknown[]) => handler(async () => value.apply(own, args));
    },
  });
}
