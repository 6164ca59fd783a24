import { textOf } from "../../wire/attributes.ts";
import { offsetsItems } from "./offsets-items.ts";
import type { Target } from "./target.ts";

const PREFIX = "lane#";

/** The numbers of the lanes of which a frame was ever delivered, in order. */
export async function laneNumbers(
  target: Pick<Target, "dynamodb" | "offsetsTable">,
): Promise<number[]> {
  const items = await offsetsItems(target, PREFIX);
  return items
    .map((item) => Number((textOf(item, "id") ?? "").slice(PREFIX.length)))
    .sort((a, b) => a - b);
}
