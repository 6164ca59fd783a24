import { canal } from "./canal.ts";
import { debezium } from "./debezium.ts";
import { maxwell } from "./maxwell.ts";
import type { MessageFormat } from "./message-format.ts";

/** Every format that a subscriber can choose, by its name in the configuration. */
export const FORMATS = {
  envelope: { write: null, needsColumns: false, splitsKeyChanges: false, hasSnapshots: true },
  debezium,
  maxwell,
  canal,
} satisfies Readonly<Record<string, MessageFormat>>;

export type Format = keyof typeof FORMATS;

/** Whether each change is a message of its own in the format. */
export function isMessagePerChange(format: Format): boolean {
  return FORMATS[format].write !== null;
}
