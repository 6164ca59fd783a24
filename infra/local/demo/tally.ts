import type { Reason } from "../../../functions/failures/parked.ts";
import { DeliveryCheck, markName } from "./delivery-check.ts";
import type { Mark } from "./mark.ts";
import type { ParkedMark } from "./parked-marks.ts";

/** A queue of the demonstration, and which tables' changes of its environment it should get. */
export interface ExpectedStream {
  readonly environment: string;
  readonly subscriber: string;
  readonly wants: (table: string) => boolean;
}

export interface Verdict {
  readonly foreign: number;
  readonly missing: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  /** How many changes are in failure records instead of delivered. */
  readonly parked: number;
  /** Those parked because their author is not known. */
  readonly unattributed: number;
  /**
   * Those parked because the product's own code failed on them, or because they are behind one on
   * which it failed. All other parked changes wait for a queue.
   */
  readonly faults: number;
}

/** Compares everything that the demonstration commits with everything that it receives. */
export class Tally {
  readonly checks: readonly DeliveryCheck[];
  /** How many delivered changes were attributed in each way. */
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

  /** The comparison for one queue; undefined when the demonstration does not read the queue. */
  check(environment: string, subscriber: string): DeliveryCheck | undefined {
    return this.checks.find(
      (check) => check.environment === environment && check.subscriber === subscriber,
    );
  }

  /** Replaces the parked changes by those that are in failure records now. */
  setParked(marks: Iterable<ParkedMark>): void {
    this.#parked = new Map(
      Array.from(marks, ({ mark, subscriber, reason }) => [
        parkedName(markName(mark), subscriber),
        reason,
      ]),
    );
  }

  /** How many committed changes have not been delivered and are not in failure records. */
  get waiting(): number {
    return this.checks.reduce((sum, check) => sum + check.waiting - this.parked(check), 0);
  }

  /**
   * How many parked changes wait for a queue in trouble. The retry function delivers them without a
   * person's help.
   */
  get waitingForQueues(): number {
    const { parked, unattributed, faults } = this.verdict();
    return parked - unattributed - faults;
  }

  /** The present result; final once writing has ended and everything sent has arrived. */
  verdict(): Verdict {
    const because = (cause: Reason) =>
      sum((check) => this.#reasons(check).filter((reason) => reason === cause).length);
    const sum = (of: (check: DeliveryCheck) => number) =>
      this.checks.reduce((total, check) => total + of(check), 0);
    return {
      foreign: sum((check) => check.foreign),
      missing: this.waiting,
      repeated: sum((check) => check.repeated),
      outOfOrder: sum((check) => check.outOfOrder),
      parked: sum((check) => this.parked(check)),
      unattributed: because("unattributed"),
      faults: because("fault"),
    };
  }

  /** How many of the changes that this subscriber has not received are in failure records. */
  parked(check: DeliveryCheck): number {
    return this.#reasons(check).length;
  }

  /** The reason of each of them. */
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

/** Whether no change went to the wrong environment, got lost or arrived twice. */
export function isClean({ foreign, missing, repeated }: Verdict): boolean {
  return foreign === 0 && missing === 0 && repeated === 0;
}
