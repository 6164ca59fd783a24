import type { Reason } from "../../../functions/failures/parked.ts";
import { DeliveryCheck, markName } from "./delivery-check.ts";
import type { Mark } from "./mark.ts";
import type { ParkedMark } from "./parked-marks.ts";

/** A queue of the demonstration: which of its environment's changes belong into it. */
export interface ExpectedStream {
  readonly environment: string;
  readonly subscriber: string;
  readonly wants: (table: string) => boolean;
}

export interface Verdict {
  readonly foreign: number;
  readonly missing: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Not delivered, but kept in a failure record. */
  readonly parked: number;
  /** Of these, those whose author is not known. */
  readonly unattributed: number;
  /**
   * Of these, those at which the product's own code failed, or which are behind such a one; the
   * others wait for a queue.
   */
  readonly faults: number;
}

/** Keeps account of everything that the demonstration commits and receives. */
export class Tally {
  readonly checks: readonly DeliveryCheck[];
  /** How the authors of the delivered changes were found, and how many changes each way. */
  readonly attributions = new Map<string, number>();
  readonly #streams: readonly (ExpectedStream & { readonly check: DeliveryCheck })[];
  #parked: ReadonlyMap<string, Reason> = new Map();

  constructor(streams: readonly ExpectedStream[]) {
    this.#streams = streams.map((stream) => ({
      ...stream,
      check: new DeliveryCheck(stream.environment, stream.subscriber),
    }));
    this.checks = this.#streams.map(({ check }) => check);
  }

  committed(marks: readonly Mark[], atMs: number): void {
    for (const mark of marks) {
      for (const { environment, wants, check } of this.#streams) {
        if (environment === mark.writtenBy && wants(mark.table)) check.committed(mark, atMs);
      }
    }
  }

  /** An application of `environment` received a change as `subscriber`. */
  received(
    environment: string,
    subscriber: string,
    delivery: { readonly mark: Mark; readonly attribution: string; readonly atMs: number },
  ): void {
    const { mark, attribution, atMs } = delivery;
    this.attributions.set(attribution, (this.attributions.get(attribution) ?? 0) + 1);
    this.check(environment, subscriber)?.received(mark, atMs);
  }

  /** The account of one queue; undefined when the demonstration does not read it. */
  check(environment: string, subscriber: string): DeliveryCheck | undefined {
    return this.checks.find(
      (check) => check.environment === environment && check.subscriber === subscriber,
    );
  }

  /** What failure records hold now. */
  setParked(marks: Iterable<ParkedMark>): void {
    this.#parked = new Map(
      Array.from(marks, ({ mark, subscriber, reason }) => [
        parkedName(markName(mark), subscriber),
        reason,
      ]),
    );
  }

  /** How many committed changes have not been delivered, those in failure records left out. */
  get waiting(): number {
    return this.checks.reduce((sum, check) => sum + check.waiting - this.parked(check), 0);
  }

  /**
   * How many of the parked changes wait for a queue that was in trouble: the retry function
   * delivers them by itself.
   */
  get waitingForQueues(): number {
    const { parked, unattributed, faults } = this.verdict();
    return parked - unattributed - faults;
  }

  /** What is known now; final when nothing writes any more and all that was sent has arrived. */
  verdict(): Verdict {
    const because = (cause: Reason) =>
      sum((check) => this.#reasons(check).filter((reason) => reason === cause).length);
    const sum = (of: (check: DeliveryCheck) => number) =>
      this.checks.reduce((total, check) => total + of(check), 0);
    return {
      foreign: sum((check) => check.foreign),
      missing: this.waiting,
      doubled: sum((check) => check.doubled),
      outOfOrder: sum((check) => check.outOfOrder),
      parked: sum((check) => this.parked(check)),
      unattributed: because("unattributed"),
      faults: because("fault"),
    };
  }

  /** How many of the changes that this subscriber waits for are in failure records. */
  parked(check: DeliveryCheck): number {
    return this.#reasons(check).length;
  }

  /** Why each of them is there. */
  #reasons(check: DeliveryCheck): Reason[] {
    return Array.from(check.waitingNames).flatMap(
      (name) =>
        this.#parked.get(parkedName(name, null)) ??
        this.#parked.get(parkedName(name, check.subscriber)) ??
        [],
    );
  }
}

function parkedName(name: string, subscriber: string | null): string {
  return `${subscriber ?? "*"} ${name}`;
}

/** Whether the demonstration saw what must never be seen. */
export function isClean({ foreign, missing, doubled }: Verdict): boolean {
  return foreign === 0 && missing === 0 && doubled === 0;
}
