import { createHash } from "node:crypto";
import { changesOf, splitByPosition } from "../../../client/change.ts";
import type { AnyHandler } from "../../../client/handler.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import { BEGINNING } from "../../../client/progress.ts";
import { decodeMessage, type EnvironmentMessage } from "../../../wire/message.ts";

/**
 * The client's behaviour before there were records of messages (commit 781b4ca,
 * message-processor.ts and progress.ts): it compared a message with its group's position, and
 * marked messages that were received twice. It produces the state that an update finds, and shows
 * how tests judge that rule.
 */
export class LastRelease<Transaction> {
  readonly #positions: AnyPositionStore<Transaction>;
  readonly #handler: AnyHandler<Transaction>;

  constructor(options: {
    readonly positions: AnyPositionStore<Transaction>;
    readonly handler: AnyHandler<Transaction>;
  }) {
    this.#positions = options.positions;
    this.#handler = options.handler;
  }

  /** Never rejects. */
  async process(held: HeldMessage): Promise<{ readonly kind: "handled" | "repeat" | "failed" }> {
    try {
      const message = decodeMessage(held.body);
      if (held.receiveCount > 1) await this.#mark(held, message);
      const group = (await this.#positions.load(message.group)) ?? BEGINNING;
      const markKey = lastReleaseMarkKey(held.group, held.body);
      const asked = held.receiveCount > 1 || group >= message.last;
      const mark = asked ? await this.#positions.load(markKey) : undefined;
      if ((mark ?? group) >= message.last) return { kind: "repeat" };
      let keys = [message.group];
      if (mark !== undefined) keys = group >= message.last ? [markKey] : [markKey, message.group];
      const done = mark === undefined ? group : keys.length === 1 || mark > group ? mark : group;
      await this.#handle(held, message, done, keys);
      return { kind: "handled" };
    } catch {
      return { kind: "failed" };
    }
  }

  async #mark(held: HeldMessage, message: EnvironmentMessage): Promise<void> {
    const key = lastReleaseMarkKey(held.group, held.body);
    if ((await this.#positions.load(key)) !== undefined) return;
    const position = (await this.#positions.load(message.group)) ?? BEGINNING;
    if (position >= message.last) return;
    if ("save" in this.#positions) await this.#positions.save(key, position);
    else await this.#positions.transact([{ key, position }], () => Promise.resolve());
  }

  async #handle(
    held: HeldMessage,
    message: EnvironmentMessage,
    from: string,
    keys: readonly string[],
  ): Promise<void> {
    const positions = this.#positions;
    const changes = changesOf(message).filter(({ position }) => position > from);
    const context = {
      environment: message.environment,
      subscriber: message.subscriber,
      group: message.group,
      messageId: held.id,
      receiveCount: held.receiveCount,
      signal: held.lost.signal,
      transaction: undefined as Transaction,
    };
    let done: string | undefined;
    const save = async (): Promise<void> => {
      if (!("save" in positions) || done === undefined) return;
      for (const key of keys) await positions.save(key, done);
    };
    try {
      for (const unit of splitByPosition(changes)) {
        const position = unit[0]?.position ?? message.last;
        if ("transact" in positions) {
          const marks = keys.map((key) => ({ key, position }));
          await positions.transact(marks, async (transaction) =>
            this.#handler.run(unit, { ...context, transaction }),
          );
        } else {
          await this.#handler.run(unit, context);
        }
        done = position;
      }
    } catch (error) {
      await save().catch(() => undefined);
      throw error;
    }
    await save();
  }
}

/** The key under which a message's mark is stored. */
export function lastReleaseMarkKey(group: string, body: string): string {
  return `${group}#received-${createHash("sha256").update(body).digest("base64url")}`;
}
