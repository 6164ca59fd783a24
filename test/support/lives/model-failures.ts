import type { ParkedRecord, RecordKey, StreamState } from "../../../functions/failures/parked.ts";
import { lastOf, recordKey, type Batch, type Trouble } from "../../../functions/failures/parked.ts";
import { isOfTwinLife, type NamedPosition } from "../../../functions/failures/named-position.ts";
import type { DrainItems } from "../../../functions/failures/retry-items.ts";
import type { StreamItems } from "../../../functions/failures/route-items.ts";
import { streamText, type Stream } from "../../../functions/failures/stream.ts";
import { parkedRecord } from "../functions/parked-record.ts";

interface ModelRecord extends ParkedRecord {
  readonly text: string;
  readonly share: string | null;
}

/** The failures table in memory, with the conditions of its writes. */
export class ModelFailures {
  readonly #states = new Map<string, StreamState>();
  readonly #records = new Map<string, Map<RecordKey, ModelRecord>>();

  get open(): readonly Stream[] {
    return [...this.#states.values()]
      .filter(({ status }) => status === "open")
      .map(({ stream }) => stream);
  }

  /** The body of a record. */
  textOf({ stream, key }: Pick<ParkedRecord, "stream" | "key">): string {
    return this.#recordsOf(stream).get(key)?.text ?? "";
  }

  readonly route: StreamItems = {
    moveTail: async (stream, last) => {
      const state = this.#stateOf(stream);
      if (state?.status !== "open" || !isBefore(state, last)) return false;
      this.#set({ ...state, tail: last.position, life: last.life });
      return true;
    },
    open: async (stream, { head, tail, twin }, trouble) => {
      const state = this.#stateOf(stream);
      if (state !== null) {
        const isThere = twin === null ? isBefore(state, tail) : state.tail === twin;
        if (state.status !== "closed" || !isThere) return false;
      }
      this.#set({
        ...fresh(stream, trouble),
        head: head ?? "",
        tail: tail.position,
        life: tail.life,
        drained: twin === null ? (state?.drained ?? "") : "",
      });
      return true;
    },
    read: async (stream) => this.#stateOf(stream),
    hasRecord: async (stream, key) => this.#recordsOf(stream).has(key),
    recordsFrom: async (stream, first) =>
      [...this.#recordsOf(stream).values()].filter(({ key }) => key > first),
    putRecord: async (stream, batch, trouble) => this.#write(stream, batch, trouble, false),
    replaceRecord: async (stream, batch, trouble) => this.#write(stream, batch, trouble, true),
    resolve: async (stream, key) => this.#resolve(stream, key),
  };

  readonly retry: DrainItems = {
    claim: async (stream) => this.#stateOf(stream),
    read: async (stream) => this.#stateOf(stream),
    next: async (stream, after, tail) =>
      [...this.#recordsOf(stream).values()]
        .filter(({ key }) => key > after && lastOf(key) <= tail)
        .sort((one, other) => (one.key < other.key ? -1 : 1)),
    noteFailure: async () => {},
    noteProgress: async () => true,
    resolve: async ({ stream, key }) => this.#resolve(stream, key),
    close: async ({ stream, life }, drained) => {
      const state = this.#stateOf(stream);
      const isLast = state?.tail === lastOf(drained) && (life === null || life === state.life);
      if (state?.status !== "open" || !isLast) return false;
      this.#set({ ...state, status: "closed", drained });
      return true;
    },
    advance: async ({ stream }, drained) => this.#drain(stream, drained),
    postpone: async ({ stream }, { drained }) => this.#drain(stream, drained),
  };

  #stateOf(stream: Stream): StreamState | null {
    return this.#states.get(streamText(stream)) ?? null;
  }

  #set(state: StreamState): void {
    this.#states.set(streamText(state.stream), state);
  }

  #drain(stream: Stream, drained: RecordKey): void {
    const state = this.#stateOf(stream);
    if (state !== null) this.#set({ ...state, drained });
  }

  #recordsOf(stream: Stream): Map<RecordKey, ModelRecord> {
    const name = streamText(stream);
    const records = this.#records.get(name) ?? new Map<RecordKey, ModelRecord>();
    this.#records.set(name, records);
    return records;
  }

  #write(stream: Stream, batch: Batch, trouble: Trouble, instead: boolean): boolean {
    const key = recordKey(batch);
    const records = this.#recordsOf(stream);
    const there = records.get(key);
    const isSame = there?.share == null || batch.share === undefined || there.share === batch.share;
    const isWaiting = there?.status === "parked" && there.attempts === 0 && isSame;
    if (there !== undefined && !(instead && isWaiting)) return false;
    records.set(key, {
      ...parkedRecord({ stream, key, trouble, count: batch.count }),
      text: batch.body,
      share: batch.share ?? null,
    });
    return true;
  }

  #resolve(stream: Stream, key: RecordKey): void {
    const records = this.#recordsOf(stream);
    const record = records.get(key);
    if (record !== undefined) records.set(key, { ...record, status: "resolved" });
  }
}

/** Whether a stream's tail is before a position and not of a twin life. */
function isBefore({ tail, life }: StreamState, last: NamedPosition): boolean {
  return tail < last.position && !isOfTwinLife({ position: tail, life }, last);
}

function fresh(stream: Stream, trouble: Trouble): StreamState {
  return {
    stream,
    status: "open",
    head: "",
    tail: "",
    life: null,
    drained: "",
    attempts: 0,
    begun: 1,
    nextAttemptAt: 0,
    isAsked: false,
    openedAt: 0,
    lastFailureAt: 0,
    trouble,
  };
}
