/** A list with at least one item. */
export type NonEmpty<Item> = readonly [Item, ...Item[]];

export function isNonEmpty<Item>(list: readonly Item[]): list is NonEmpty<Item> {
  return list.length > 0;
}

export function mapNonEmpty<Item, Result>(
  [first, ...others]: NonEmpty<Item>,
  map: (item: Item) => Result,
): NonEmpty<Result> {
  return [map(first), ...others.map((item) => map(item))];
}
