import { idStart } from "./change-id.ts";
import type { FrameHeader, FrameTransaction } from "./frame.ts";
import { openString, type Pieces } from "./pieces.ts";
import { SharedText } from "./shared-text.ts";

/** The texts around the end of a GTID that transactions of one origin share. */
interface OriginTexts {
  /** The GTID up to its number; null for transactions of `file` without GTIDs. */
  readonly prefix: string | null;
  readonly file: string;
  readonly beforeId: SharedText;
  readonly behindRow: SharedText;
}

/** The texts of a transaction with several changes. */
interface WholeTexts {
  readonly beforeId: SharedText;
  readonly behindRow: SharedText;
}

interface ThreadText {
  readonly serverId: number;
  readonly text: SharedText;
}

/**
 * Puts the texts that are the same for all changes of a transaction. From a transaction's second
 * change on, there are such texts. The first one's are put in parts, which transactions share, so
 * that a transaction of one change makes no garbage.
 */
export class TransactionTexts {
  readonly #header: FrameHeader;
  #index = -1;
  #transaction: FrameTransaction | null = null;
  #whole: WholeTexts | null = null;
  #origin: OriginTexts | null = null;
  /** The end of the GTID, behind the prefix of `#origin`. */
  #number = "";
  readonly #threads = new Map<number, ThreadText>();
  #timeMs = NaN;
  #time = "";

  constructor(header: FrameHeader) {
    this.#header = header;
  }

  /** Called before the texts of each change are put. `index`: its transaction's in the header. */
  enter(index: number): FrameTransaction {
    if (index === this.#index && this.#transaction !== null) {
      this.#whole ??= this.#wholeTexts(this.#transaction);
      return this.#transaction;
    }
    const transaction = this.#header.transactions[index];
    if (transaction === undefined) throw new RangeError("the change has no transaction");
    this.#index = index;
    this.#transaction = transaction;
    this.#whole = null;
    const { gtid, file, timestampMs } = transaction;
    const end = gtid === null ? 0 : numberOf(gtid);
    this.#number = gtid === null ? "" : gtid.slice(end);
    if (this.#origin === null || !isOf(this.#origin, gtid, end, file))
      this.#origin = this.#originTexts(gtid?.slice(0, end) ?? null, file);
    if (timestampMs !== this.#timeMs) {
      this.#timeMs = timestampMs;
      this.#time = String(timestampMs);
    }
    return transaction;
  }

  /** From a change's beginning to the end of its id. */
  putBeforeId(pieces: Pieces): void {
    if (this.#whole !== null) return pieces.putShared(this.#whole.beforeId);
    if (this.#origin === null) return;
    pieces.putShared(this.#origin.beforeId);
    if (this.#origin.prefix === null) return;
    pieces.put(this.#number);
    pieces.put("/");
  }

  /** From the row's number to the end of the change. */
  putBehindRow(pieces: Pieces): void {
    if (this.#whole !== null) return pieces.putShared(this.#whole.behindRow);
    if (this.#origin === null || this.#transaction === null) return;
    pieces.putShared(this.#origin.behindRow);
    if (this.#origin.prefix !== null) {
      pieces.put(this.#number);
      pieces.put('"');
    }
    pieces.putShared(this.#threadText(this.#transaction));
    pieces.put(this.#time);
    pieces.put("}}");
  }

  #wholeTexts({ gtid, file, thread, serverId, timestampMs }: FrameTransaction): WholeTexts {
    const { server } = this.#header;
    return {
      beforeId: new SharedText(`{"id":${openString(idStart({ gtid, server, file }))}`),
      behindRow: new SharedText(
        `,"gtid":${JSON.stringify(gtid)}${beforeTime(thread, serverId)}${timestampMs}}}`,
      ),
    };
  }

  #originTexts(prefix: string | null, file: string): OriginTexts {
    const { server } = this.#header;
    const start = prefix ?? idStart({ gtid: null, server, file });
    return {
      prefix,
      file,
      beforeId: new SharedText(`{"id":${openString(start)}`),
      behindRow: new SharedText(`,"gtid":${prefix === null ? "null" : openString(prefix)}`),
    };
  }

  #threadText({ thread, serverId }: FrameTransaction): SharedText {
    const known = this.#threads.get(thread);
    if (known?.serverId === serverId) return known.text;
    const text = new SharedText(beforeTime(thread, serverId));
    this.#threads.set(thread, { serverId, text });
    return text;
  }
}

function beforeTime(thread: number, serverId: number): string {
  return `,"thread":${thread},"server_id":${serverId},"ts_ms":`;
}

/** `end`: where the GTID's prefix ends. */
function isOf(
  { prefix, file }: OriginTexts,
  gtid: string | null,
  end: number,
  ofFile: string,
): boolean {
  if (prefix === null || gtid === null) return prefix === gtid && file === ofFile;
  return prefix.length === end && gtid.startsWith(prefix);
}

/** Where the digits at the end of a GTID begin. They need no escapes. */
function numberOf(gtid: string): number {
  let start = gtid.length;
  while (start > 0 && isDigit(gtid.charCodeAt(start - 1))) start--;
  return start;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

const ZERO = 48;
