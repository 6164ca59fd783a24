import { createHmac } from "node:crypto";
import type { Mask } from "../../config/filters.ts";

/** Applies a mask to a value. Both values are JSON texts. NULL stays NULL. */
export type MaskValue = (mask: Mask, json: string) => string;

/** Texts with fewer characters are masked completely, because four would be most of them. */
const SHORTEST_SHOWN = 8;

/**
 * Creates the mask function. `secret` is the key of the hash: equal values have equal hashes in all
 * tables, and a person without the secret cannot test guesses. A number and a text with the same
 * characters have the same hash.
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

/** The characters of a text or number; the JSON text of a list or object. */
function textOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function lastFour(json: string): string {
  const characters = json.startsWith("{") || json.startsWith("[") ? [] : Array.from(textOf(json));
  return characters.length < SHORTEST_SHOWN ? "****" : `****${characters.slice(-4).join("")}`;
}
