import type { FrameChange, FrameHeader, FrameTransaction } from "./frame.ts";
import type { Author } from "./session.ts";
import { SharedText } from "./shared-text.ts";

/** The change before another one in its message. */
export interface Predecessor {
  readonly change: FrameChange;
  readonly author: Author;
}

/**
 * What a change's text contains of its author, table and transaction behind a certain other change:
 * the members that differ.
 */
interface Link {
  /** Up to `pos` or `row`. */
  readonly beforePos: SharedText;
  readonly behindRow: SharedText;
  /** The bytes of the members that are left out, with a comma each. */
  readonly omitted: number;
}

interface KnownLink extends Link, Predecessor {
  readonly previous: FrameChange | undefined;
  readonly previousAuthor: Author | undefined;
}

/** The first change of a message, one of the same statement as the one before, or another one. */
type Kind = "first" | "same" | "other";

const UNCHANGED = new SharedText('"source":{');

/**
 * The links between the changes of one frame. The latest one of each kind and table is kept: the
 * rows of a statement share theirs, so do queues, and so do rows of two tables in turns.
 */
export class ChangeLinks {
  readonly #header: FrameHeader;
  /** By the change's table. */
  readonly #latest: Readonly<Record<Kind, (KnownLink | undefined)[]>> = {
    first: [],
    same: [],
    other: [],
  };
  /** The bytes of the members before `pos`, for consecutive changes. */
  #place = { author: null as Author | null, table: -1, file: "", bytes: 0 };

  constructor(header: FrameHeader) {
    this.#header = header;
  }

  /** `before`: null for the first change of a message. */
  of(change: FrameChange, author: Author, before: Predecessor | null): Link {
    const previous = before?.change;
    const previousAuthor = before?.author;
    const kind = kindOf(change, author, before);
    const latest = this.#latest[kind];
    const known = latest[change.table];
    if (
      known !== undefined &&
      isAlike(known.change, known.author, change, author) &&
      (kind !== "other" || isAlike(known.previous, known.previousAuthor, previous, previousAuthor))
    ) {
      return known;
    }
    const { text, omitted, beforePos } = this.#newLink(change, author, before);
    const behindRow = new SharedText(text);
    const link = { change, author, previous, previousAuthor, beforePos, behindRow, omitted };
    latest[change.table] = link;
    return link;
  }

  #newLink(change: FrameChange, author: Author, before: Predecessor | null) {
    const transaction = this.#transactionOf(change);
    const earlier = before === null ? undefined : this.#transactionOf(before.change);
    const ofTransaction = new Members()
      .add("gtid", transaction.gtid, earlier?.gtid)
      .add("thread", transaction.thread, earlier?.thread)
      .add("server_id", transaction.serverId, earlier?.serverId)
      .add("ts_ms", transaction.timestampMs, earlier?.timestampMs);
    const text = `${ofTransaction.text}}}`;
    const { table } = change;
    const { file } = transaction;
    if (author === before?.author && table === before.change.table && file === earlier?.file) {
      const omitted = ofTransaction.omitted + this.#placeBytes(author, table, file);
      return { text, omitted, beforePos: UNCHANGED };
    }
    const ofAuthor = authorMembers(author, before?.author);
    const [db = "", name = ""] = this.#header.tables[table] ?? [];
    const [earlierDb, earlierName] =
      before === null ? [] : (this.#header.tables[before.change.table] ?? ["", ""]);
    const ofPlace = new Members()
      .add("db", db, earlierDb)
      .add("table", name, earlierName)
      .add("file", file, earlier?.file);
    return {
      text,
      omitted: ofTransaction.omitted + ofAuthor.omitted + ofPlace.omitted,
      beforePos: new SharedText(
        `${behindComma(ofAuthor.text)}"source":{${behindComma(ofPlace.text)}`,
      ),
    };
  }

  #placeBytes(author: Author, table: number, file: string): number {
    const place = this.#place;
    if (author !== place.author || table !== place.table || file !== place.file) {
      const [db = "", name = ""] = this.#header.tables[table] ?? [];
      const { omitted } = new Members()
        .add("db", db, db)
        .add("table", name, name)
        .add("file", file, file);
      const bytes = omitted + authorMembers(author, author).omitted;
      this.#place = { author, table, file, bytes };
    }
    return this.#place.bytes;
  }

  #transactionOf({ transaction }: FrameChange): FrameTransaction {
    const found = this.#header.transactions[transaction];
    if (found === undefined) throw new RangeError("the change has no transaction");
    return found;
  }
}

function kindOf(change: FrameChange, author: Author, before: Predecessor | null): Kind {
  if (before === null) return "first";
  return isAlike(before.change, before.author, change, author) ? "same" : "other";
}

/** Whether two changes of a frame have the same author, table and transaction. */
function isAlike(
  one: FrameChange | undefined,
  author: Author | undefined,
  other: FrameChange | undefined,
  otherAuthor: Author | undefined,
): boolean {
  return (
    author === otherAuthor && one?.transaction === other?.transaction && one?.table === other?.table
  );
}

type Value = string | number | null;

/** Members of JSON objects: the text of those that differ, and the bytes of the others. */
class Members {
  /** With a comma before each. */
  text = "";
  omitted = 0;

  /** `earlier`: the value that the member had before; undefined when there is none. */
  add(name: string, value: Value, earlier: Value | undefined): this {
    const isText = typeof value === "string";
    const json = isText ? JSON.stringify(value) : String(value);
    if (value === earlier) {
      this.omitted +=
        `"":,`.length + name.length + (isText ? Buffer.byteLength(json) : json.length);
    } else {
      this.text += `,"${name}":${json}`;
    }
    return this;
  }
}

function authorMembers({ user, host, attribution }: Author, earlier: Author | undefined): Members {
  return new Members()
    .add("user", user, earlier?.user)
    .add("host", host, earlier?.host)
    .add("attribution", attribution, earlier?.attribution);
}

/** Members with a comma behind each instead of before it. */
function behindComma(text: string): string {
  return text === "" ? "" : `${text.slice(1)},`;
}
