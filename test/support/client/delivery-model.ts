import type { Change } from "../../../client/change.ts";
import type { AnyHandler } from "../../../client/handler.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import { MessageProcessor } from "../../../client/message-processor.ts";
import { MessageReader } from "../../../client/message-reader.ts";
import { Payloads } from "../../../client/payload.ts";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import { LastRelease } from "./last-release.ts";
import { change, message } from "./messages.ts";
import { ModelStore, type ProcessLife, type StoreKind, type Work } from "./model-store.ts";
import { QueueModel } from "./queue-model.ts";

/** The rule that decides which messages are dropped as repeats. */
export type Rule = "records" | "last release";

/** An event of one step. */
export type Step =
  /** Route sends the next changes of a group in one message. */
  | { readonly kind: "send"; readonly group: string; readonly changes: number }
  /** Route sends an earlier message again, after SQS's time to recognise repeats. */
  | { readonly kind: "send again"; readonly message: number }
  /** A process receives the group's next message, handles and deletes it, unless trouble occurs. */
  | {
      readonly kind: "receive";
      readonly process: number;
      readonly group: string;
      readonly trouble: Trouble;
      /** The index of the change at which the trouble occurs. */
      readonly at: number;
    }
  | { readonly kind: "redrive" }
  | { readonly kind: "store away"; readonly away: boolean }
  /** The store forgets its oldest entries. */
  | { readonly kind: "forget" }
  /**
   * The coordinates begin again. The epoch stays the same when a router of the last release was set
   * up anew.
   */
  | { readonly kind: "new life"; readonly epoch: "same" | "next" }
  /** Processes with the rule of records replace all processes. */
  | { readonly kind: "update" };

export type Trouble =
  | "none"
  | "handler fails"
  | "killed in the handler"
  | "killed before the record"
  | "killed before the deletion"
  /** Another process receives the message while it is being handled, and both continue. */
  | "lost";

interface Processor {
  process(held: HeldMessage): Promise<{ readonly kind: string }>;
}

/**
 * A queue, two processes of an application, their position store, and the effects of the handling.
 */
export class DeliveryModel {
  readonly #queue: QueueModel;
  readonly #store: ModelStore;
  #rule: Rule;
  readonly #sent: { readonly group: string; readonly body: string }[] = [];
  readonly #effects = new Map<string, number>();
  #offset = 0;
  #life = 1;
  #epoch = 1;
  /** Whether something has happened after which a repeat is permitted. */
  #mayRepeat = false;
  readonly #losses: string[] = [];

  constructor(kind: StoreKind, rule: Rule, maxReceiveCount = 3) {
    this.#queue = new QueueModel(maxReceiveCount);
    this.#store = new ModelStore(kind);
    this.#rule = rule;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#run(step);
  }

  /** Ends all trouble and lets one process handle the remaining messages. */
  async drain(): Promise<void> {
    this.#store.away = false;
    for (let round = 0; !this.#queue.empty; round++) {
      if (round > 1000) throw new Error("the queue does not become empty");
      for (const group of ["a", "b"]) {
        await this.#receive({ kind: "receive", process: 0, group, trouble: "none", at: 0 });
      }
      this.#queue.redrive();
    }
  }

  /** The ids of changes whose message was deleted although they had not been handled. */
  get losses(): readonly string[] {
    return this.#losses;
  }

  /** The ids of changes that were handled more than once although no repeat is permitted. */
  get doubled(): readonly string[] {
    if (this.#mayRepeat) return [];
    return [...this.#effects].filter(([, times]) => times > 1).map(([id]) => id);
  }

  async #run(step: Step): Promise<void> {
    switch (step.kind) {
      case "send":
        return this.#send(step.group, step.changes);
      case "send again": {
        const again = this.#sent[step.message % Math.max(this.#sent.length, 1)];
        if (again !== undefined) this.#queue.send(again.group, again.body);
        return;
      }
      case "receive":
        return this.#receive(step);
      case "redrive":
        return this.#queue.redrive();
      case "store away":
        this.#store.away = step.away;
        return;
      case "forget":
        this.#mayRepeat = true;
        return this.#store.forget();
      case "new life":
        this.#life++;
        this.#offset = 0;
        if (step.epoch === "next") this.#epoch++;
        return;
      case "update":
        this.#rule = "records";
        // Changes that the last release has lost or doubled before do not count.
        this.#losses.length = 0;
        for (const id of this.#effects.keys()) this.#effects.set(id, 1);
        return;
      default:
        step satisfies never;
    }
  }

  #send(group: string, changes: number): void {
    const offsets = Array.from({ length: changes }, () => ++this.#offset);
    const made = message(offsets, {
      group,
      epoch: this.#epoch,
      changes: offsets.map((offset) => change(offset, { id: `life ${this.#life}: ${offset}` })),
    });
    const sent = { group, body: JSON.stringify(made) };
    this.#sent.push(sent);
    this.#queue.send(sent.group, sent.body);
  }

  async #receive(step: Extract<Step, { kind: "receive" }>): Promise<void> {
    const held = this.#queue.receive(step.group);
    if (held === undefined) return;
    if (this.#store.isOwn || this.#store.away) this.#mayRepeat = true;
    if (step.trouble === "lost") {
      if (this.#store.kind !== "transactional") this.#mayRepeat = true;
      const other = this.#queue.receive(step.group);
      const both = [held, other?.id === held.id ? other : undefined];
      await Promise.all(
        both.map((one, index) => this.#process(one, step, (step.process + index) % 2)),
      );
    } else {
      await this.#process(held, step, step.process);
    }
  }

  async #process(
    held: HeldMessage | undefined,
    { trouble, at }: Extract<Step, { kind: "receive" }>,
    process: number,
  ): Promise<void> {
    if (held === undefined) return;
    const life = this.#store.process(process);
    let index = 0;
    const handler: AnyHandler<Work | undefined> = {
      batch: false,
      run: async (changes, { transaction }) => {
        for (const each of changes) {
          await Promise.resolve();
          if (index++ === at) {
            if (trouble === "handler fails") throw new Error("not yet");
            if (trouble === "killed in the handler") this.#kill(life);
          }
          if (transaction === undefined) this.#effect(each, life.killed);
          else transaction.onCommit(() => this.#effect(each, false));
        }
        if (trouble === "killed before the record") this.#kill(life);
      },
    };
    const { kind } = await this.#processor(life.positions, handler).process(held);
    if (trouble === "killed before the deletion") life.kill();
    if (life.killed) return;
    if (kind === "handled" || kind === "repeat") this.#delete(held);
  }

  /** Kills a process that may have handled part of a message without recording it. */
  #kill(life: ProcessLife): void {
    if (this.#store.kind !== "transactional") this.#mayRepeat = true;
    life.kill();
  }

  #processor(
    positions: AnyPositionStore<Work | undefined>,
    handler: AnyHandler<Work | undefined>,
  ): Processor {
    if (this.#rule === "last release") return new LastRelease({ positions, handler });
    return new MessageProcessor({
      handler,
      positions,
      reader: new MessageReader(new Payloads(undefined), OWNER),
      schemas: undefined,
      queueUrl: "",
      around: undefined,
    });
  }

  #effect({ id }: Change, killed: boolean): void {
    if (!killed) this.#effects.set(id, (this.#effects.get(id) ?? 0) + 1);
  }

  #delete(held: HeldMessage): void {
    this.#queue.delete(held);
    const { changes } = JSON.parse(held.body) as { changes: { id: string }[] };
    for (const { id } of changes) {
      if (!this.#effects.has(id)) this.#losses.push(id);
    }
  }
}

const OWNER = { source: "shop", environment: "staging", subscriber: "billing" };
