import { FORMATS } from "../../wire/formats/formats.ts";
import type { KeyChangeHalf, WriteChange } from "../../wire/change-text.ts";
import { legalText } from "../../wire/legal-text.ts";
import { encodeMessage } from "../../wire/message.ts";
import type { Author } from "../../wire/session.ts";
import type { FormatWriter } from "../../wire/formats/message-format.ts";
import { typedChange } from "../../wire/formats/typed-change.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import {
  deduplicationId,
  type MessageHeader,
  type OutgoingMessage,
  type QueueWriter,
} from "./outgoing-message.ts";

export interface FormattedMessagesOptions {
  readonly header: MessageHeader;
  readonly subscription: Subscription;
  readonly write: FormatWriter;
  /**
   * Writes a change in the envelope's form, for changes that the format cannot express or quotes.
   */
  readonly writeChange: WriteChange;
  /** Milliseconds since 1970, for formats that contain the time of writing. */
  readonly now: () => number;
}

interface Entry {
  readonly group: string;
  readonly change: PositionedChange;
  readonly author: Author;
  readonly half: KeyChangeHalf | undefined;
}

/**
 * Writes one queue's changes of one frame in a format with one message per change, as the format's
 * consumers expect. Changes that the format's tool leaves out get no message. A change is written
 * as an envelope if the format needs the table's columns and the frame does not contain them,
 * because the reader read it before it was configured to send columns. Without the types, a
 * conversion would be a guess.
 */
export class FormattedMessages implements QueueWriter {
  readonly #options: FormattedMessagesOptions;
  readonly #entries: Entry[] = [];

  constructor(options: FormattedMessagesOptions) {
    this.#options = options;
  }

  add(group: string, change: PositionedChange, author: Author, half?: KeyChangeHalf): void {
    this.#entries.push({ group, change, author, half });
  }

  finish(): readonly OutgoingMessage[] {
    return this.#entries.flatMap((entry, index) => {
      const next = this.#entries[index + 1];
      return this.#message(entry, next?.change.transaction !== entry.change.transaction);
    });
  }

  /** `isLast`: no later change of the transaction follows in this frame for this queue. */
  #message(entry: Entry, isLast: boolean): readonly OutgoingMessage[] {
    const { header, subscription, writeChange } = this.#options;
    const { group, change, author, half } = entry;
    const { environment, queueName, subscriber } = subscription;
    const { source, replay } = header;
    const mark = replay === undefined ? {} : { replay };
    const place = { environment, group, first: change.position, last: change.position };
    let body = this.#body(entry, isLast);
    if (body === null) return [];
    body ??= encodeMessage(
      { ...place, source, subscriber, ...mark },
      writeChange(change, author, half),
    );
    const id = deduplicationId(header, change.position, queueName, group, { half });
    return [{ ...place, deduplicationId: id, changes: 1, body }];
  }

  /** Null when the tool leaves the change out; undefined when the format cannot express it. */
  #body({ change, author, half }: Entry, isLast: boolean): string | null | undefined {
    const { header, subscription, write, writeChange, now } = this.#options;
    const { environment, format } = subscription;
    const [, , shape] = header.tables[change.table] ?? [];
    const isRow = change.op !== "t" && change.op !== "ddl" && change.op !== "snapshot";
    if (shape === undefined && isRow && FORMATS[format].needsColumns) return undefined;
    try {
      const options = { author, half, environment, isLast, writeChange };
      const body = write(typedChange(header, change, options), now());
      return body === null ? null : legalText(body);
    } catch {
      // If the error were thrown, a value that one subscriber's format cannot express would stop
      // the lane for all environments.
      return undefined;
    }
  }
}
