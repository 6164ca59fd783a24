import type { EnvironmentMessage } from "../wire/message.ts";
import type { PositionText } from "../wire/position.ts";
import { changesOf, splitByPosition, type Change } from "./change.ts";
import { UnsupportedMessageVersionError } from "./errors.ts";
import type { MessageInfo } from "./events.ts";
import type { AnyHandler, HandlerContext } from "./handler.ts";
import { isHeld, type HeldMessage } from "./held-message.ts";
import type { MessageReader } from "./message-reader.ts";
import type { AnyPositionStore } from "./position-store.ts";
import { BEGINNING, progressOf } from "./progress.ts";
import { UnfinishedError } from "./unfinished.ts";
import { validateAll, type Schemas } from "./validate.ts";

/** The result of processing a message. */
export type Outcome =
  | { readonly kind: "handled"; readonly info: MessageInfo; readonly durationMs: number }
  /** The position store records all its changes as handled. `changes` is their number. */
  | { readonly kind: "repeat"; readonly changes: number }
  /** This process no longer holds the message, or the application gave it back. */
  | { readonly kind: "unfinished" }
  /** The message must be retried. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** This library cannot read the message's version. */
  | { readonly kind: "refused"; readonly error: UnsupportedMessageVersionError };

export interface ProcessorOptions<Transaction> {
  readonly handler: AnyHandler<Transaction>;
  readonly reader: MessageReader;
  readonly positions: AnyPositionStore<Transaction>;
  /** Undefined without any validator, so that nothing waits for one. */
  readonly schemas: Schemas | undefined;
  readonly queueUrl: string;
  readonly around:
    | ((message: MessageInfo, handle: () => Promise<void>) => Promise<void>)
    | undefined;
}

/**
 * Processes one message: reads it, drops repeats, validates and handles its changes, and records
 * what was handled.
 */
export class MessageProcessor<Transaction> {
  readonly #options: ProcessorOptions<Transaction>;

  constructor(options: ProcessorOptions<Transaction>) {
    this.#options = options;
  }

  /** Never rejects. */
  async process(held: HeldMessage): Promise<Outcome> {
    try {
      const { message, text } = await this.#options.reader.read(held.body);
      const all = changesOf(message);
      const read = { ...message, text, changes: all };
      const { key, done } = await progressOf(held, read, this.#options.positions);
      if (done >= message.last) return { kind: "repeat", changes: all.length };
      const changes = done === BEGINNING ? all : all.filter((change) => change.position > done);
      const info = this.#info(held, message, changes);
      const began = performance.now();
      await this.#around(info, () => this.#handle(held, message, changes, key));
      return { kind: "handled", info, durationMs: performance.now() - began };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /**
   * Handles a message within the application's `around`. Rejects when the handling or `around`
   * rejects, or when `around` did not call `handle`: a message counts as handled only when its
   * handling succeeded.
   */
  async #around(info: MessageInfo, handle: () => Promise<void>): Promise<void> {
    const { around } = this.#options;
    if (around === undefined) return handle();
    let handling: Promise<void> | undefined;
    try {
      await around(info, () => {
        handling ??= handle();
        // The promise is awaited below. When the hook drops it, its rejection must not end the
        // process as unhandled.
        handling.catch(() => undefined);
        return handling;
      });
    } finally {
      // Waits even when the hook threw or did not wait, so that the message is not given back while
      // it is being handled.
      await handling;
    }
    if (handling === undefined) throw new TypeError("`around` returned without calling `handle`");
  }

  async #handle(
    held: HeldMessage,
    message: EnvironmentMessage,
    changes: readonly Change[],
    key: string,
  ): Promise<void> {
    const { handler, positions, schemas } = this.#options;
    const units = handler.batch ? [changes] : splitByPosition(changes);
    const context = this.#context(held, message);
    let done: PositionText | undefined;
    const save = async (): Promise<void> => {
      if ("save" in positions && done !== undefined) await positions.save(key, done);
    };
    try {
      // Not with `entries`, which makes a list for each change.
      let left = units.length;
      for (const unit of units) {
        if (!isHeld(held)) throw new UnfinishedError();
        const valid = schemas === undefined ? unit : await validateAll(unit, schemas);
        const position = --left === 0 ? message.last : (unit[0]?.position ?? message.last);
        if ("transact" in positions) {
          await positions.transact([{ key, position }], async (transaction) =>
            handler.run(valid, { ...context, transaction }),
          );
        } else {
          const running = handler.run(valid, context);
          if (running !== undefined) await running;
        }
        done = position;
      }
    } catch (error) {
      // The handler's error is thrown, because the application can act on it. If saving fails too,
      // the handled changes are handled again.
      await save().catch(() => undefined);
      throw error;
    }
    await save();
  }

  #context(held: HeldMessage, message: EnvironmentMessage): HandlerContext<Transaction> {
    return {
      environment: message.environment,
      subscriber: message.subscriber,
      group: message.group,
      replay: message.replay,
      messageId: held.id,
      receiveCount: held.receiveCount,
      signal: held.lost.signal,
      // A TransactionalPositionStore replaces it by its open transaction; with other stores the
      // type is undefined.
      transaction: undefined as Transaction,
    };
  }

  #info(held: HeldMessage, message: EnvironmentMessage, changes: readonly Change[]): MessageInfo {
    return {
      source: message.source,
      environment: message.environment,
      subscriber: message.subscriber,
      queueUrl: this.#options.queueUrl,
      group: message.group,
      messageId: held.id,
      receiveCount: held.receiveCount,
      changes: changes.length,
      repeated: message.changes.length - changes.length,
      committedMs: changes[0]?.source.ts_ms ?? 0,
    };
  }
}

/** The outcome of what was thrown. It can be anything, also a revoked proxy. */
function outcomeOf(error: unknown): Outcome {
  try {
    if (error instanceof UnsupportedMessageVersionError) return { kind: "refused", error };
    if (error instanceof UnfinishedError) return { kind: "unfinished" };
  } catch {
    // It throws when it is asked for its class.
  }
  return { kind: "failed", error };
}
