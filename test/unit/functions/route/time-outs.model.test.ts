import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { describe, expect, test } from "vitest";
import type { ParkedRecord, StreamState } from "../../../../functions/failures/parked.ts";
import { recordKey } from "../../../../functions/failures/parked.ts";
import { threadStream } from "../../../../functions/failures/stream.ts";
import { readFrame, type PositionedFrame } from "../../../../functions/frame/read-frame.ts";
import { SLICE_CHANGES } from "../../../../functions/frame/slices.ts";
import { BACKOFF, drain } from "../../../../functions/retry/drain.ts";
import { redeliver } from "../../../../functions/retry/redeliver.ts";
import { routeFrames, type RouteEffects } from "../../../../functions/route/route-frames.ts";
import type { SessionEntry } from "../../../../wire/session.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";
import { parkedRecord } from "../../../support/functions/parked-record.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

// A frame that was written before a subscriber with a message for each change was deployed: it has
// more messages than an invocation can send. Each invocation is killed after some requests. The
// progress that it saved must be enough for the next one to come further.

/**
 *   whole-frames      route saves its progress after the whole frame
 *   forgets-progress  retry does not save how much of a record is done
 */
type Mistake = "whole-frames" | "forgets-progress";

const ROUNDS = Number(process.env["TIME_OUT_ROUNDS"] ?? 3);
const SEED = Number(process.env["TIME_OUT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const MOST_CHANGES = 2_200;
const CONNECTION = { server: SERVER, run: 1, thread: 7 };
const AUTHOR: SessionEntry = { from: "", user: "app_prod", host: "", attribution: "sweep" };
const NEVER = new Promise<never>(() => undefined);

const RULES = productionRules({ search: { tables: ["shop.*"], format: "debezium" } });

/** A queue, and the lane and the parked record that survive an invocation. */
class Delivery {
  /** The positions of the messages in the order of their arrival. */
  readonly arrived: string[] = [];
  isDone = false;
  readonly #mistake: Mistake | null;
  #lane = NEW_LANE;
  #record: ParkedRecord;
  #begun = 0;
  /** The requests that the present invocation may still make, and the promise of its end. */
  #requests = 0;
  #end = Promise.withResolvers<"killed">();

  constructor({ first, last }: PositionedFrame, mistake: Mistake | null) {
    this.#mistake = mistake;
    const stream = threadStream(0, CONNECTION);
    this.#record = parkedRecord({ stream, key: recordKey({ first, last }) });
  }

  /** Runs an invocation that is killed instead of its next request after this number. */
  async invoke(requests: number, work: () => Promise<unknown>): Promise<void> {
    this.#requests = requests;
    this.#end = Promise.withResolvers();
    const ended = await Promise.race([work(), this.#end.promise]);
    if (ended !== "killed") this.isDone = true;
  }

  async route(frame: PositionedFrame): Promise<void> {
    const { subscriptions } = RULES;
    const isWhole = this.#mistake === "whole-frames";
    await routeFrames(
      [frame],
      this.#lane,
      isWhole
        ? { ...RULES, subscriptions: { ...subscriptions, hasMessagePerChange: false } }
        : RULES,
      this.#effects,
    );
  }

  async retry(body: string): Promise<void> {
    const { stream, key } = this.#record;
    const state: StreamState = {
      stream,
      status: "open",
      head: "",
      tail: key.split("/")[1] ?? "",
      life: null,
      drained: "",
      attempts: 0,
      begun: ++this.#begun,
      nextAttemptAt: 0,
      isAsked: false,
      openedAt: 0,
      lastFailureAt: 0,
      trouble: { reason: "unattributed", error: "" },
    };
    const deliver = redeliver({
      source: SOURCE,
      rules: RULES,
      effects: this.#effects,
      bodies: { store: () => NEVER, load: async () => body },
      payloads: { name: "", put: () => NEVER, get: () => NEVER },
      now: () => 0,
    });
    const items = {
      claim: async () => state,
      read: async () => state,
      next: async (_: unknown, after: string) => (after === "" ? [this.#record] : []),
      noteFailure: () => Promise.reject(new Error("a failed attempt")),
      noteProgress: async ({ progress, sent }: ParkedRecord) => {
        await this.#request();
        if (this.#mistake !== "forgets-progress")
          this.#record = { ...this.#record, progress, sent };
        return true;
      },
      resolve: async () => {},
      close: async () => true,
      advance: async () => void (this.#begun = 0),
      postpone: async () => {},
    };
    const options = { items, deliver, backoff: BACKOFF, claimMs: 0, now: () => 0, random: () => 0 };
    const { kind } = await drain(stream, options, new AbortController().signal);
    expect(kind).toBe("closed");
  }

  readonly #effects: RouteEffects = {
    lookUp: async (_lane, connections) =>
      new Map(
        [...connections.keys()].map((name) => [name, { entries: [AUTHOR], parkedUpTo: null }]),
      ),
    noteDropped: () => NEVER,
    findClosed: () => Promise.resolve(new Set()),
    lanes: {
      read: async () => this.#lane,
      write: async (_from, next) => {
        await this.#request();
        return (this.#lane = { ...next, lane: 0, version: this.#lane.version + 1 });
      },
    },
    streams: { parkBehind: () => NEVER, park: () => NEVER, forget: () => NEVER },
    sender: {
      send: async (_queueName, messages) => {
        for (const { first } of messages) {
          await this.#request();
          this.arrived.push(first);
        }
        return { kind: "sent" };
      },
    },
  };

  async #request(): Promise<void> {
    if (this.#requests-- > 0) return;
    this.#end.resolve("killed");
    await NEVER;
  }
}

/** What goes wrong with a frame of a random size and random time-outs; null: nothing. */
async function verdict(
  random: SeededRandom,
  part: "route" | "retry",
  mistake: Mistake | null,
): Promise<string | null> {
  const changes = SLICE_CHANGES + 100 + random.below(MOST_CHANGES - SLICE_CHANGES - 100);
  const user = part === "route" ? "app_prod" : null;
  const body = new TestLane().frame(Array.from({ length: changes }, () => ({ user })));
  const frame = readFrame(body, SOURCE);
  const delivery = new Delivery(frame, mistake);
  const parts = Math.ceil(changes / SLICE_CHANGES);
  let invocations = 0;
  for (; !delivery.isDone; invocations++) {
    if (invocations > parts) return `no progress in ${invocations} invocations`;
    // A part and the request that saves it, and far less than the frame.
    const requests = SLICE_CHANGES + 1 + random.below(SLICE_CHANGES / 10);
    await delivery.invoke(requests, () =>
      part === "route" ? delivery.route(frame) : delivery.retry(body),
    );
  }
  const distinct = [...new Set(delivery.arrived)];
  const positions = frame.changes.map(({ position }) => position);
  if (distinct.join() !== positions.join()) return "lost or out of order";
  const repeated = delivery.arrived.length - changes;
  return repeated > invocations * SLICE_CHANGES ? `${repeated} messages repeated` : null;
}

describe.each(["route", "retry"] as const)(
  "a frame with more messages than %s can send",
  (part) => {
    test("comes through whenever the invocations are killed", { timeout: 600_000 }, async () => {
      console.log(`seed ${SEED}`);
      const random = new SeededRandom(SEED);
      for (let round = 0; round < ROUNDS; round++)
        expect(await verdict(random, part, null)).toBeNull();
    });

    const mistake = part === "route" ? "whole-frames" : "forgets-progress";
    test(`is found to be stuck with the mistake ${mistake}`, async () => {
      expect(await verdict(new SeededRandom(SEED), part, mistake)).toMatch(/^no progress/);
    });
  },
);
