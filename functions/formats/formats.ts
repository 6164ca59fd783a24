import type { Format, FORMATS } from "../../config/formats.ts";
import { canalFlatMessage } from "./canal.ts";
import { debeziumPayload } from "./debezium.ts";
import { maxwellRecord } from "./maxwell.ts";
import type { TypedChange } from "./typed-change.ts";

/**
 * A change as the body of a message; null for what the format's tool leaves out. `nowMs` is when it
 * is written, milliseconds since 1970. Throws for a value that the format cannot say.
 */
export type FormatWriter = (typed: TypedChange, nowMs: number) => string | null;

/** The writer of each format that has a message per change; null where changes share a message. */
export const FORMAT_WRITERS: {
  readonly [Name in Format]: (typeof FORMATS)[Name]["isMessagePerChange"] extends true
    ? FormatWriter
    : null;
} = {
  envelope: null,
  debezium: debeziumPayload,
  maxwell: maxwellRecord,
  canal: canalFlatMessage,
};
