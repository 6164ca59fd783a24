import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";

/** A change and its author. */
export interface AuthoredChange {
  readonly change: PositionedChange;
  readonly author: Author;
}
