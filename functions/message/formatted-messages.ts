import type { FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import { type ForeignFormat, formattedText } from "../formats/formatted-text.ts";
import type { Subscription } from "../routing/subscriptions.ts";
import type { ChangeWriter, KeyChangeHalf } from "./change-text.ts";
import { envelope } from "./envelope.ts";
import { legalText } from "./legal-text.ts";
import { deduplicationId, type OutgoingMessage } from "./outgoing-message.ts";
import type { QueueWriter } from "./queue-writer.ts";

export interface FormattedMessagesOptions {
  readonly header: FrameHeader;
  readonly subscription: Subscription;
  readonly format: ForeignFormat;
  readonly writer: ChangeWriter;
  /** Milliseconds since 1970, for the formats that say when a message was written. */
  readonly now: () => number;
}

interface Entry {
  readonly group: string;
  readonly change: PositionedChange;
  readonly author: Author;
  readonly half: KeyChangeHalf | undefined;
}

/**
 * One queue's changes of one frame in the format of another tool: a message for each, because that is what its consumers
 * expect. Nothing is written for what the tool itself leaves out. A change whose columns the frame does not say, because it
 * was read before the reader was told to send them, is an envelope: to convert it without its types would be a guess.
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

  /** `isLast`: nothing of the change's transaction follows in this frame for this queue. */
  #message(entry: Entry, isLast: boolean): readonly OutgoingMessage[] {
    const { header, subscription, writer } = this.#options;
    const { group, change, author, half } = entry;
    const { environment, queueName, subscriber } = subscription;
    const text = writer.write(change, author, half);
    const body = this.#body(change, text, isLast);
    if (body === null) return [];
    const { position } = change;
    const place = { environment, group, first: position, last: position };
    return [
      {
        ...place,
        deduplicationId: deduplicationId(header.lane, position, queueName, group, half),
        changes: 1,
        body: body ?? envelope({ ...place, source: header.source, subscriber, texts: [text] }),
      },
    ];
  }

  /** Null: the tool leaves the change out. Undefined: it cannot be written in the format. */
  #body(change: PositionedChange, text: string, isLast: boolean): string | null | undefined {
    const { header, subscription, format, now } = this.#options;
    const [, , shape] = header.tables[change.table] ?? [];
    const isRow = change.op !== "t" && change.op !== "ddl";
    if (shape === undefined && isRow) return undefined;
    try {
      const body = formattedText(format, {
        text,
        source: header.source,
        environment: subscription.environment,
        shape: shape ?? { columns: [], key: [] },
        n: change.n,
        isLast: isLast && header.transactions[change.transaction]?.ended === true,
        nowMs: now(),
      });
      return body === null ? null : legalText(body);
    } catch {
      // Thrown on, it would stop the lane of all environments for a value that one subscriber's format cannot say.
      return undefined;
    }
  }
}
