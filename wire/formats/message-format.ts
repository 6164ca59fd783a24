import type { TypedChange } from "./typed-change.ts";

/**
 * A change as the body of a message; null for what the format's tool leaves out. `nowMs` is when it
 * is written, milliseconds since 1970. Throws for a value that the format cannot say.
 */
export type FormatWriter = (typed: TypedChange, nowMs: number) => string | null;

/** What the router knows of a format. */
export interface MessageFormat {
  /**
   * Each change is a message of its own, written so. Null: consecutive changes of a group share an
   * envelope (wire/message.ts).
   */
  readonly write: FormatWriter | null;
  /** Its values depend on the types of their columns, so frames must carry these. */
  readonly needsColumns: boolean;
  /**
   * An update that changes the primary key is a delete and a create, also where both have the same
   * message group.
   */
  readonly splitsKeyChanges: boolean;
  /** It has a message for a row that was there before. */
  readonly hasSnapshots: boolean;
}
