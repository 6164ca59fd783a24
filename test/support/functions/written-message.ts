import type { PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { Envelopes } from "../../../functions/message/envelopes.ts";
import { ChangeBytes } from "../../../wire/change-bytes.ts";
import { changePieces } from "../../../wire/change-text.ts";
import { compactPieces } from "../../../wire/compact-text.ts";
import { FRAME_VERSION } from "../../../wire/frame.ts";
import { type Change, changePositions, type EnvironmentMessage } from "../../../wire/message.ts";
import { parsePosition } from "../../../wire/position.ts";

/** A message with changes of one table and one user, as the router writes it in a format. */
export function writtenMessage(
  message: EnvironmentMessage,
  format: "envelope" | "compact",
): string {
  const { subscriber, environment, group } = message;
  const frame = frameOf(message);
  const bytes = new ChangeBytes(format === "compact" ? compactPieces(frame) : changePieces(frame));
  const subscription = {
    subscriber,
    environment,
    queueName: "",
    groupBy: "table",
    format,
  } as const;
  const writer = new Envelopes(frame, subscription, bytes);
  const [author] = frame.authors;
  if (author === undefined) throw new RangeError("no author");
  for (const change of frame.changes) writer.add(group, change, author);
  const [written, ...others] = writer.finish();
  if (written === undefined || others.length > 0) throw new RangeError("not one message");
  return String(written.body);
}

/** The changes of a message, each in a transaction of its own. Their ids end in `/<n>`. */
function frameOf({ source, first, last, changes }: EnvironmentMessage): PositionedFrame {
  const { epoch } = parsePosition(first);
  const positionOf = changePositions(epoch);
  const [{ user, host, attribution, source: { db, table } } = noChange()] = changes;
  return {
    frame: FRAME_VERSION,
    source,
    lane: 0,
    first,
    last,
    previous: null,
    server: "",
    epoch,
    tables: [[db, table]],
    authors: [{ user, host, attribution }],
    transactions: changes.map(({ source: { gtid, file, thread, server_id, ts_ms } }) => ({
      gtid,
      file,
      thread,
      run: 1,
      serverId: server_id,
      timestampMs: ts_ms,
      author: 0,
    })),
    changes: changes.map(({ id, op, before, after, key, source: place }, transaction) => ({
      op,
      transaction,
      table: 0,
      offset: place.pos,
      row: place.row,
      n: Number(id.slice(id.lastIndexOf("/") + 1)),
      key: textOf(key),
      oldKey: "",
      before: textOf(before),
      after: textOf(after),
      position: positionOf(place),
    })),
  };
}

function textOf(image: object | null): string {
  return image === null ? "" : JSON.stringify(image);
}

function noChange(): Change {
  throw new RangeError("a message without changes");
}
