export interface PageOf<Item, Position> {
  readonly items: Item[];
  readonly next?: Position;
}
