import {
  encodeChange,
  encodeFrame,
  encodeHeader,
  type FormerNames,
  FRAME_VERSION,
  type FrameChange,
  type FrameHeader,
  type FrameTransaction,
  MESSAGE_BYTES,
  type Operation,
  type TableShape,
} from "../../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../../wire/position.ts";
import type { Author } from "../../../wire/session.ts";

export const SOURCE = "shop";
export const SERVER = "5441fac8-0000-0000-0000-000000000001";

/** A change as a test describes it; every field has a default. */
export interface TestChange {
  /** `database.table`, default `shop.orders`. */
  readonly table?: string;
  readonly op?: Operation;
  /** The row's key; default: a new row. */
  readonly id?: number;
  /** The former key, for an update that changes the key. */
  readonly oldId?: number;
  /** The MySQL user; null: the reader does not know. Default `app_prod`. */
  readonly user?: string | null;
  readonly host?: string;
  readonly thread?: number;
  /** The run of the thread id, default 1. */
  readonly run?: number;
  /** The position of an XA transaction's prepare. */
  readonly preparedAt?: PositionText;
  /** The tag of the GTID; the author is then attributed by the tag. */
  readonly tag?: string;
  /** Further text in the row, to make it large. */
  readonly text?: string;
  readonly mail?: string;
  readonly pad?: string;
}

/** A frame of TestLane, which writes those of an earlier release, as the reader writes it now. */
export function ofThisRelease(frame: string): string {
  const end = frame.indexOf("\n");
  const header = JSON.parse(frame.slice(0, end)) as FrameHeader;
  return (
    encodeHeader({ ...header, idsByChanges: true, messageBytes: MESSAGE_BYTES }) + frame.slice(end)
  );
}

/**
 * Writes the frames of one lane as the reader does. Every change is its own transaction, 100 bytes
 * after the one before.
 */
export class TestLane {
  readonly lane: number;
  readonly epoch: number;
  /** Null: frames without a life, as the last release sent them. */
  readonly life: string | null;
  #written = 0;
  #previous: PositionText | null = null;

  constructor(lane = 0, epoch = 1, life: string | null = null) {
    this.lane = lane;
    this.epoch = epoch;
    this.life = life;
  }

  /** The next frame. */
  frame(changes: readonly TestChange[]): string {
    const first = this.#written + 1;
    this.#written += changes.length;
    const previous = this.#previous;
    this.#previous = this.position(this.#written);
    return this.frameOf(changes, first, previous);
  }

  /** A frame of changes that are numbered from `first`. */
  frameOf(changes: readonly TestChange[], first: number, previous: PositionText | null): string {
    const tables: [string, string][] = [];
    const authors: Author[] = [];
    const transactions: FrameTransaction[] = [];
    const lines = changes.map((change, index) => {
      const number = first + index;
      const {
        table = "shop.orders",
        user = "app_prod",
        host = "10.0.0.1",
        thread = 7,
        tag,
      } = change;
      const attribution = tag === undefined ? "ledger" : "tag";
      const dot = table.indexOf(".");
      transactions.push({
        gtid: tag === undefined ? `${SERVER}:${number}` : `${SERVER}:${tag}:${number}`,
        file: "mysql-bin.000001",
        thread,
        run: change.run ?? 1,
        serverId: 1,
        timestampMs: 1_795_190_000_000 + number,
        author: user === null ? null : authors.push({ user, host, attribution }) - 1,
        ...(change.preparedAt !== undefined && { preparedAt: change.preparedAt }),
      });
      tables.push([table.slice(0, dot), table.slice(dot + 1)]);
      return encodeChange(changeLine(change, number, index));
    });
    return encodeFrame(
      {
        frame: FRAME_VERSION,
        source: SOURCE,
        lane: this.lane,
        first: this.position(first),
        last: this.position(first + changes.length - 1),
        previous,
        server: SERVER,
        epoch: this.epoch,
        ...(this.life !== null && { life: this.life }),
        transactions,
        tables,
        authors,
      },
      lines.join("\n"),
    );
  }

  /** The position of the n-th change; n begins at 1. */
  position(n: number): PositionText {
    return formatPosition({ epoch: this.epoch, file: 1, offset: n * 100, row: 0 });
  }
}

function changeLine(change: TestChange, number: number, index: number): FrameChange {
  const { op = "c", id = number, oldId, text, mail, pad } = change;
  const image = (key: number): string => JSON.stringify({ id: key, n: number, text, mail, pad });
  const row = op === "t" || op === "ddl";
  return {
    op,
    transaction: index,
    table: index,
    offset: number * 100,
    row: 0,
    n: 0,
    key: row ? "" : JSON.stringify({ id }),
    oldKey: oldId === undefined ? "" : JSON.stringify({ id: oldId }),
    before: op === "u" || op === "d" ? image(oldId ?? id) : "",
    after:
      op === "c" || op === "u" ? image(id) : op === "ddl" ? JSON.stringify("ALTER TABLE x") : "",
  };
}

/** The same frame with the columns of its tables, which formats need. */
export function withShapes(frame: string, former?: FormerNames): string {
  const end = frame.indexOf("\n");
  const header = JSON.parse(frame.slice(0, end)) as FrameHeader;
  const columns = ["text", "mail", "pad"].map((name) => [name, "longtext", true] as const);
  const shape: TableShape = {
    columns: [["id", "bigint", false], ["n", "int", false], ...columns],
    key: ["id"],
    ...(former !== undefined && { former }),
  };
  const tables = header.tables.map(([database, table]) => [database, table, shape] as const);
  return `${encodeHeader({ ...header, tables })}${frame.slice(end)}`;
}
