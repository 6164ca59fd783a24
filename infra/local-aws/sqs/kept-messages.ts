import { appendFileSync, closeSync, createReadStream, ftruncateSync, openSync } from "node:fs";
import { existsSync, fstatSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LoggedMessage, LoggedSend, MessageLog } from "./queues/message-log.ts";
import { DEDUPLICATION_INTERVAL_MS } from "./queues/deduplication.ts";
import type { MessageAttribute } from "./queues/message-attributes.ts";
import { MessageBody } from "./queues/message-body.ts";

/**
 * A line of the file, in memory. `+`: a message was added; `=`: a send whose message is gone; `r`:
 * a message was received; `-`: a message was removed.
 */
type Line =
  | readonly ["+", queue: string, message: LoggedMessage, isSend: boolean]
  | readonly ["=", queue: string, send: LoggedSend]
  | readonly ["r", queue: string, id: string, receiveCount: number, firstReceivedAtMs: number]
  | readonly ["-", queue: string, id: string];

/** A message in the file. */
type WrittenMessage = Omit<LoggedMessage, "attributes" | "body"> & {
  readonly body: string;
  readonly attributes: readonly (readonly [string, MessageAttribute])[];
};

/** A line as it is in the file. */
type WrittenLine =
  | Exclude<Line, readonly ["+", ...unknown[]]>
  | readonly ["+", queue: string, message: WrittenMessage, isSend: boolean];

interface HeldQueue {
  readonly messages: Map<string, LoggedMessage>;
  sends: LoggedSend[];
}

/**
 * The file is rewritten after it has grown by this many bytes and to more than twice its last
 * rewritten size.
 */
const REWRITE_BYTES = 64 * 1024 * 1024;

/**
 * Stores the messages of all queues in a file, with one line for each event of a message. A line is
 * passed to the operating system before its request is answered, so it survives a crash of this
 * process but not a power failure.
 */
export class KeptMessages implements Disposable {
  readonly #path: string;
  readonly #queues = new Map<string, HeldQueue>();
  #file: number | undefined;
  #bytes = 0;
  #rewrittenBytes = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Opens the file with the messages of earlier processes. Throws DamagedFileError. */
  static async open(directory: string): Promise<KeptMessages> {
    const kept = new KeptMessages(join(directory, "messages.jsonl"));
    await kept.#read();
    kept.#rewrite();
    return kept;
  }

  /** The highest sequence number of all messages and sends; 0 when there is none. */
  get lastSequenceNumber(): bigint {
    let last = 0n;
    for (const { messages, sends } of this.#queues.values()) {
      for (const { sequenceNumber = "0" } of [...messages.values(), ...sends]) {
        const number = BigInt(sequenceNumber);
        if (number > last) last = number;
      }
    }
    return last;
  }

  /** The log of the queue with this name. */
  of(name: string): MessageLog {
    const held = this.#held(name);
    return {
      messages: Array.from(held.messages.values(), (message) => ({ ...message })),
      sends: [...held.sends],
      added: (message, isSend) => this.#write(["+", name, message, isSend]),
      received: (...receive) => this.#write(["r", name, ...receive]),
      removed: (id) => this.#write(["-", name, id]),
    };
  }

  /** Records that the queue and its messages were deleted. */
  forget(name: string): void {
    for (const id of this.#held(name).messages.keys()) this.#write(["-", name, id]);
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #held(name: string): HeldQueue {
    let held = this.#queues.get(name);
    if (held === undefined) this.#queues.set(name, (held = { messages: new Map(), sends: [] }));
    return held;
  }

  async #read(): Promise<void> {
    if (!existsSync(this.#path)) return;
    let number = 0;
    let damaged = 0;
    for await (const text of createInterface({ input: createReadStream(this.#path) })) {
      number++;
      if (damaged > 0) throw new DamagedFileError(this.#path, damaged);
      const line = parsed(text);
      // The last line may be incomplete when the process ended during a write. Its request was not
      // acknowledged.
      if (line === null) damaged = number;
      else this.#apply(line);
    }
  }

  #apply(line: Line): void {
    const held = this.#held(line[1]);
    switch (line[0]) {
      case "+": {
        const message = { ...line[2] };
        held.messages.set(message.id, message);
        if (line[3]) remember(held, message);
        return;
      }
      case "=":
        return void held.sends.push(line[2]);
      case "r": {
        const found = held.messages.get(line[2]);
        if (found !== undefined) [, , , found.receiveCount, found.firstReceivedAtMs] = line;
        return;
      }
      case "-":
        return void held.messages.delete(line[2]);
      default:
        return line satisfies never;
    }
  }

  #write(line: Line): void {
    this.#append(lineText(line));
    this.#apply(line);
    const grown = this.#bytes - this.#rewrittenBytes;
    if (grown > Math.max(REWRITE_BYTES, this.#rewrittenBytes)) this.#rewriteIfPossible();
  }

  #append(line: string): void {
    if (this.#file === undefined) throw new Error("the messages' file is closed");
    try {
      appendFileSync(this.#file, line);
    } catch (error) {
      // On a full disk, the incomplete line must be removed before the next line is written.
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
    this.#bytes += Buffer.byteLength(line);
  }

  /**
   * The line before is written, so its request succeeds even if there is no room for a second file.
   * The next attempt follows when the file has grown as much again.
   */
  #rewriteIfPossible(): void {
    try {
      this.#rewrite();
    } catch {
      this.#rewrittenBytes = this.#bytes;
    }
  }

  /** Replaces the file by one with only the present content of the queues. */
  #rewrite(): void {
    const draft = `${this.#path}.draft`;
    writeFileSync(draft, "", { mode: 0o600 });
    const file = openSync(draft, "a");
    try {
      this.#writeAll(file);
      renameSync(draft, this.#path);
    } catch (error) {
      closeSync(file);
      rmSync(draft);
      throw error;
    }
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = file;
    this.#bytes = this.#rewrittenBytes = fstatSync(file).size;
  }

  #writeAll(file: number): void {
    const oldest = Date.now() - DEDUPLICATION_INTERVAL_MS;
    for (const [name, held] of this.#queues) {
      held.sends = held.sends.filter(({ sentAtMs }) => sentAtMs > oldest);
      for (const send of held.sends) appendFileSync(file, lineText(["=", name, send]));
      for (const message of held.messages.values())
        appendFileSync(file, lineText(["+", name, message, false]));
    }
  }
}

/** The file of messages is damaged. Remedy: remove the file; its messages are lost. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";

  constructor(path: string, line: number) {
    super(`${path} is damaged in line ${line}: remove the file, which loses its messages`);
  }
}

function remember(held: HeldQueue, { deduplicationId, ...message }: LoggedMessage): void {
  if (deduplicationId === undefined) return;
  const { id, sequenceNumber, sentAtMs, groupId } = message;
  held.sends.push({ id, sequenceNumber, sentAtMs, groupId, deduplicationId });
}

/**
 * A line's text. Escapes the characters that end a line for `readline` but need no escape in JSON.
 */
function lineText(line: Line): string {
  const json = JSON.stringify(line, (_name, value: unknown) => {
    if (value instanceof MessageBody) return value.text;
    return value instanceof Map ? [...value] : value;
  });
  return `${json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")}\n`;
}

/** Null when the text is not a line. */
function parsed(text: string): Line | null {
  try {
    const line = JSON.parse(text) as WrittenLine;
    if (line[0] !== "+") return line;
    const { body, attributes, ...rest } = line[2];
    const message = {
      ...rest,
      body: MessageBody.ofText(body),
      attributes: new Map(attributes),
    };
    return ["+", line[1], message, line[3]];
  } catch {
    return null;
  }
}
