import { parseAlikeObjects } from "./alike-objects.ts";
import { parseExactJson } from "./exact-json.ts";

/** With the comma, which no name that ends with an escaped `"changes` has before its quote. */
const CHANGES = ',"changes":[';
const ENDING = "]}";
/** A shorter text has too few changes for `parseAlikeObjects`. */
const LONG = 4096;

/**
 * Parses a message's text as `parseExactJson` does. The changes, which are nearly all of it, are
 * parsed faster; docs/decisions/changes-that-are-alike.md explains how. Throws SyntaxError.
 */
export function parseMessageJson(text: string): unknown {
  if (text.length < LONG) return parseExactJson(text);
  const start = text.indexOf(CHANGES) + CHANGES.length;
  if (start < CHANGES.length) return parseExactJson(text);
  try {
    // Where the changes are not what ends the text, this is no JSON.
    const message = parseExactJson(text.slice(0, start) + ENDING);
    const changes = parseAlikeObjects(text, start, ENDING);
    if (changes !== undefined) return Object.assign(message as object, { changes });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return parseExactJson(text);
}
