interface Member<Item> {
  readonly item: Item;
  /** The number of the serving at which the member joined or was last served. The head has the lowest number. */
  readonly since: number;
}

/** Members that are served in rotation. The head was served longest ago. */
export class Rotation<Item> {
  readonly #members = new Map<string, Member<Item>>();

  get size(): number {
    return this.#members.size;
  }

  get head(): Member<Item> | undefined {
    for (const member of this.#members.values()) return member;
    return undefined;
  }

  get(key: string): Item | undefined {
    return this.#members.get(key)?.item;
  }

  /** Adds a member behind all others. `since` must be higher than that of every member. */
  add(key: string, item: Item, since: number): void {
    this.#members.set(key, { item, since });
  }

  /** Puts a member that was served behind all others. */
  moveToEnd(key: string, since: number): void {
    const member = this.#members.get(key);
    if (!member) return;
    this.#members.delete(key);
    this.#members.set(key, { item: member.item, since });
  }

  delete(key: string): void {
    this.#members.delete(key);
  }
}
