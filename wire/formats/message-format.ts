import type { TypedChange } from "./typed-change.ts";

/**
 * Writes a change as a message body. Null when the format's tool has no message for the change.
 * `nowMs` is the time of writing, milliseconds since 1970. Throws for a value that the format
 * cannot represent.
 */
export type FormatWriter = (typed: TypedChange, nowMs: number) => string | null;

export interface MessageFormat {
  /**
   * Writes each change as one message. Null: consecutive changes of a group share an envelope
   * (wire/message.ts).
   */
  readonly write: FormatWriter | null;
  /**
   * Whether values are written according to their columns' types, so that frames must contain the
   * columns.
   */
  readonly needsColumns: boolean;
  /**
   * Whether an update that changes the primary key becomes a delete and a create even when both
   * have the same message group.
   */
  readonly splitsKeyChanges: boolean;
  /** Whether the format has a message for a snapshot's row. */
  readonly hasSnapshots: boolean;
}
