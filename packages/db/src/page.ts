/** One page of a list. `next` is the position to continue after; it is absent on the last page. */
export interface PageOf<Item, Position> {
  readonly items: Item[];
  readonly next?: Position;
}
