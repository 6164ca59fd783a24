import { canal } from "./canal.ts";
import { debezium } from "./debezium.ts";
import { maxwell } from "./maxwell.ts";
import type { MessageFormat } from "./message-format.ts";

const OWN = { write: null, needsColumns: false, splitsKeyChanges: false, hasSnapshots: true };

/** The formats that a subscriber can choose, by their names in the configuration. */
export const FORMATS = {
  envelope: OWN,
  /** Envelopes whose changes leave out what the change before them says already. */
  compact: OWN,
  debezium,
  maxwell,
  canal,
} satisfies Readonly<Record<string, MessageFormat>>;

export type Format = keyof typeof FORMATS;

/** Whether the format writes one message for each change. */
export function isMessagePerChange(format: Format): boolean {
  return FORMATS[format].write !== null;
}
