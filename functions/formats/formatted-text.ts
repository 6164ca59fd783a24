import type { TableShape } from "../../wire/frame.ts";
import type { Change } from "../../wire/message.ts";
import type { Subscriber } from "../../config/routing.ts";
import { canalFlatMessage } from "./canal.ts";
import { debeziumPayload } from "./debezium.ts";
import { parseJsonExactly } from "./json-text.ts";
import { maxwellRecord } from "./maxwell.ts";
import type { TypedChange } from "./typed-change.ts";

/** A format of another tool. */
export type ForeignFormat = Exclude<Subscriber["format"], "envelope">;

export interface FormattedTextOptions {
  /** The change as the JSON of `Change`. */
  readonly text: string;
  /** The `name` in the router's configuration. */
  readonly source: string;
  readonly environment: string;
  readonly shape: TableShape;
  /** The change's number in its transaction, and whether it is known to be the last that this queue gets of it. */
  readonly n: number;
  readonly isLast: boolean;
  /** When the message is written, milliseconds since 1970. */
  readonly nowMs: number;
}

/** A change as the JSON of another tool's format; null for what that tool leaves out. */
export function formattedText(
  format: ForeignFormat,
  { text, source, environment, shape, n, isLast, nowMs }: FormattedTextOptions,
): string | null {
  const typed: TypedChange = {
    change: parseJsonExactly(text) as Change,
    source,
    environment,
    columns: shape.columns.map(([name, type, nullable]) => ({ name, type, nullable })),
    key: shape.key,
    transaction: { n, last: isLast },
  };
  switch (format) {
    case "debezium":
      return debeziumPayload(typed, nowMs);
    case "maxwell":
      return maxwellRecord(typed);
    case "canal":
      return canalFlatMessage(typed, nowMs);
    default:
      return format satisfies never;
  }
}
