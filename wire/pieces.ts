import type { SharedText } from "./shared-text.ts";

/** Takes the pieces of a text, in order. */
export interface Pieces {
  put(piece: string): void;
  /** The same, for a piece with characters of the database's text. */
  putText(piece: string): void;
  putShared(piece: SharedText): void;
}

/** A JSON string without its closing quote. */
export function openString(text: string): string {
  return JSON.stringify(text).slice(0, -1);
}
