import { setTimeout as delay } from "node:timers/promises";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { wasWritten } from "../../../functions/aws/conditional-write.ts";
import { stateKey } from "../../../functions/failures/items.ts";
import { readState } from "../../../functions/failures/route-items.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { type Item, number, text } from "../../../wire/attributes.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";

/** How long the retry function leaves a held stream alone, milliseconds. */
const HELD_MS = 120_000;
const RENEWED_AFTER_MS = 30_000;
/** Longer than an invocation of the retry function works, milliseconds. */
const PATIENCE_MS = 90_000;
const LOOK_MS = 250;

/**
 * Keeps the retry function away from a stream while a command changes its records. Otherwise it
 * might be sending a record that the command discards: it reads many records at once. The hold ends
 * when the stream is made due, or by itself after the command was killed.
 */
export class StreamHold {
  readonly #target: Target;
  readonly #stream: Stream;
  /** The state's `nextAttempt` while it is held; null when the stream has nothing to attempt. */
  #until: number | null = null;
  #takenMs = 0;

  private constructor(target: Target, stream: Stream) {
    this.#target = target;
    this.#stream = stream;
  }

  /**
   * Holds an open stream. `onWait` is called when the retry function is working on it. Throws
   * CommandError when it does so for too long.
   */
  static async take(target: Target, stream: Stream, onWait: () => void): Promise<StreamHold> {
    const hold = new StreamHold(target, stream);
    await hold.#take(onWait);
    return hold;
  }

  /** Call it before each change of a record. */
  async keep(): Promise<void> {
    if (this.#until === null || performance.now() - this.#takenMs < RENEWED_AFTER_MS) return;
    const held = { ":held": number(this.#until) };
    if (!(await this.#write("nextAttempt = :held", held))) await this.#take(() => undefined);
  }

  async #take(onWait: () => void): Promise<void> {
    const { dynamodb, failuresTable } = this.#target;
    const endsMs = performance.now() + PATIENCE_MS;
    for (;;) {
      // An invocation that works on the stream has claimed it until `nextAttempt`.
      const free = "(attribute_not_exists(begun) OR nextAttempt <= :now)";
      if (await this.#write(free, { ":now": number(Date.now()) })) return;
      const state = await readState(dynamodb, failuresTable, this.#stream);
      if (state?.status !== "open") {
        this.#until = null;
        return;
      }
      if (performance.now() > endsMs) {
        throw new CommandError(
          `the retry function is delivering ${streamText(this.#stream)} all the time: run this command again`,
        );
      }
      onWait();
      await delay(LOOK_MS);
    }
  }

  async #write(condition: string, values: Item): Promise<boolean> {
    const until = Date.now() + HELD_MS;
    const isWritten = await wasWritten(
      this.#target.dynamodb.send(
        new UpdateItemCommand({
          TableName: this.#target.failuresTable,
          Key: stateKey(this.#stream),
          UpdateExpression: "SET nextAttempt = :until REMOVE begun",
          ConditionExpression: `#status = :open AND ${condition}`,
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: {
            ":until": number(until),
            ":open": text("open"),
            ...values,
          },
        }),
      ),
    );
    if (isWritten) {
      this.#until = until;
      this.#takenMs = performance.now();
    }
    return isWritten;
  }
}
