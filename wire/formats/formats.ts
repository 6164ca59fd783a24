import { canal } from "./canal.ts";
import { debezium } from "./debezium.ts";
import { maxwell } from "./maxwell.ts";
import type { MessageFormat } from "./message-format.ts";

/** The formats that a subscriber can choose, by their names in the configuration. */
export const FORMATS = {
  envelope: { write: null, needsColumns: false, splitsKeyChanges: false, hasSnapshots: true },
  debezium,
  maxwell,
  canal,
} satisfies Readonly<Record<string, MessageFormat>>;

export type Format = keyof typeof FORMATS;

/** Whether the format writes one message for each change. */
export function isMessagePerChange(format: Format): boolean {
  return FORMATS[format].write !== null;
}
