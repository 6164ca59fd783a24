import { parseEventHeader } from "../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../reader/binlog-format/events/event-types.ts";
import { UnreadableTransactionError } from "../../reader/reporting/errors.ts";
import type { TransactionReader } from "../../reader/transactions/transaction-reader.ts";
import { transactionReaderOf } from "../support/transaction-reader.ts";

/** How the reader handled some events. */
export interface Followed {
  readonly rows: number;
  /** Texts of the statements that were delivered. */
  readonly statements: readonly string[];
  /**
   * The errors at which the reader would have stopped. Here it continues behind the transaction, as
   * the error's remedy suggests.
   */
  readonly stops: readonly string[];
}

/** Reads binlog files as a reader that follows all tables. */
export async function followFiles(
  files: readonly { readonly name: string; readonly events: readonly Buffer[] }[],
): Promise<Followed> {
  let rows = 0;
  const statements: string[] = [];
  const stops: string[] = [];
  for (const { name, events } of files) {
    let reader = newReader();
    await begin(reader, name, events);
    for (const event of events.slice(1)) {
      try {
        await reader.onEvent(event);
      } catch (error) {
        if (!(error instanceof UnreadableTransactionError)) throw error;
        stops.push(error.message);
        reader = newReader();
        await begin(reader, name, events);
      }
    }
  }
  return { rows, statements, stops };

  function newReader(): TransactionReader {
    return transactionReaderOf(
      ["*.*"],
      {
        change: (_, { op, texts }) => {
          if (op === "ddl") statements.push(JSON.parse(texts.after) as string);
          else if (op !== "t") rows++;
        },
      },
      { heldLimitBytes: 1e9 },
    );
  }
}

const FIRST_EVENT = 4;
const HEADER_LENGTH = 19;

/**
 * Begins a file as a dump does: with an event that has the file's name, and the format description.
 */
async function begin(
  reader: TransactionReader,
  name: string,
  events: readonly Buffer[],
): Promise<void> {
  const [format] = events;
  await reader.onEvent(rotateTo(name));
  if (format !== undefined) await reader.onEvent(format);
}

function rotateTo(file: string): Buffer {
  const event = Buffer.concat([Buffer.alloc(HEADER_LENGTH + 8), Buffer.from(file)]);
  event.writeUInt8(EventType.ROTATE_EVENT, 4);
  event.writeUInt32LE(event.length, 9);
  event.writeBigUInt64LE(BigInt(FIRST_EVENT), HEADER_LENGTH);
  return event;
}

/** The events in a binlog file, with their checksums. */
export function eventsOf(file: Buffer): Buffer[] {
  const events: Buffer[] = [];
  for (let at = FIRST_EVENT; at < file.length;) {
    const { length } = parseEventHeader(file, at);
    events.push(file.subarray(at, at + length));
    at += length;
  }
  return events;
}
