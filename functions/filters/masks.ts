import { createHmac } from "node:crypto";
import type { Mask } from "../../config/filters.ts";

/** What a value becomes by each mask; both are JSON texts. NULL stays NULL. */
export type MaskValue = (mask: Mask, json: string) => string;

/** A text of fewer characters would be mostly shown by its last four. */
const SHORTEST_SHOWN = 8;

/**
 * `secret` keys the hash: equal values have equal hashes, in every table, and who does not know the
 * secret cannot try values out. A number and a text with the same characters are equal.
 */
export function maskWith(secret: string): MaskValue {
  return (mask, json) => {
    if (json === "null") return "null";
    switch (mask) {
      case "null":
        return "null";
      case "hash":
        return `"${createHmac("sha256", secret).update(textOf(json)).digest("hex")}"`;
      case "last4":
        return JSON.stringify(lastFour(json));
      default:
        return mask satisfies never;
    }
  };
}

/** The characters of a text or number; of a list or object its JSON. */
function textOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function lastFour(json: string): string {
  const characters = json.startsWith("{") || json.startsWith("[") ? [] : Array.from(textOf(json));
  return characters.length < SHORTEST_SHOWN ? "****" : `****${characters.slice(-4).join("")}`;
}
