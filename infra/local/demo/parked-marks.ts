import { readBatchBody } from "../../../functions/delivery/message-batch.ts";
import type { BodyStore } from "../../../functions/failures/body-store.ts";
import type { ParkedRecord, Reason } from "../../../functions/failures/parked.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { decodeFrame } from "../../../wire/decode-frame.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { markOf, type Mark } from "./mark.ts";

/** A change of the demonstration that is in a failure record. */
export interface ParkedMark {
  readonly mark: Mark;
  /**
   * The subscriber whose delivery is parked; null: all subscribers', as the author is not known.
   */
  readonly subscriber: string | null;
  readonly reason: Reason;
}

/** The demonstration's changes in failure records. Records resolved meanwhile are left out. */
export async function parkedMarks(
  records: readonly ParkedRecord[],
  bodies: BodyStore,
): Promise<ParkedMark[]> {
  const marks = await Promise.all(
    ownReasons(records)
      .filter(({ body }) => body.kind !== "removed")
      .map(async ({ stream, body, trouble: { reason } }) => {
        const text = await bodies.load(body);
        switch (stream.kind) {
          case "thread":
            return frameMarks(text, null, reason);
          case "queue":
            return shareMarks(text, reason);
          case "raw":
            return [];
          default:
            return stream.kind satisfies never;
        }
      }),
  );
  return marks.flat();
}

/** The same records. One that is `behind` others gets the reason of its stream's first record. */
function ownReasons(records: readonly ParkedRecord[]): ParkedRecord[] {
  const first = new Map<string, ParkedRecord>();
  for (const record of records) {
    const name = streamText(record.stream);
    const known = first.get(name);
    if (record.status === "parked" && (known === undefined || record.key < known.key))
      first.set(name, record);
  }
  return records.map((record) => {
    const { trouble = record.trouble } = first.get(streamText(record.stream)) ?? {};
    return record.trouble.reason === "behind" ? { ...record, trouble } : record;
  });
}

function frameMarks(text: string, subscriber: string | null, reason: Reason): ParkedMark[] {
  const { changes, tables } = decodeFrame(text);
  return changes.flatMap(({ op, table, before, after }) => {
    const mark = markOf({
      op,
      before: row(before),
      after: row(after),
      source: { table: tables[table]?.[1] ?? "" },
    });
    return mark === undefined ? [] : [{ mark, subscriber, reason }];
  });
}

function shareMarks(text: string, reason: Reason): ParkedMark[] {
  const parked = readBatchBody(text);
  if (parked.kind === "fault")
    return frameMarks(parked.frame, parked.subscription.subscriber, reason);
  return parked.messages.flatMap(({ body }) => {
    const { subscriber, changes } = decodeMessage(String(body));
    return changes.flatMap((change) => {
      const mark = markOf(change);
      return mark === undefined ? [] : [{ mark, subscriber, reason }];
    });
  });
}

function row(image: string): Record<string, unknown> | null {
  return image === "" ? null : (JSON.parse(image) as Record<string, unknown>);
}
