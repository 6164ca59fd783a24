import type { AwsError, ServiceName } from "./aws-service.ts";
import { faultError, type FaultEffect } from "./fault-effects.ts";
import { SeededRandom } from "./seeded-random.ts";

/**
 * Which calls fail, and how. Names may contain `*` and `?`; a name that is left out matches all.
 */
export interface FaultRule {
  readonly service?: ServiceName;
  readonly action?: string;
  readonly resource?: string;
  readonly effect: FaultEffect;
  /** The number of calls that the fault strikes before it is removed. Left out: no limit. */
  readonly calls?: number;
  /**
   * The probability that the fault strikes a matching call, 0 to 1 (default 1). The random numbers
   * come from `seed` (default 1).
   */
  readonly probability?: number;
  readonly seed?: number;
}

/** An active rule. Disposing removes it. */
export interface Fault extends Disposable {
  readonly id: number;
  readonly rule: FaultRule;
  /** How many calls the fault has struck. */
  readonly strikes: number;
  remove(): void;
}

/** The faults of one local AWS, common to its services. */
export class Faults {
  #lastId = 0;
  readonly #active = new Map<number, ActiveFault>();

  add(rule: FaultRule): Fault {
    const id = ++this.#lastId;
    const fault = new ActiveFault(id, rule, () => void this.#active.delete(id));
    this.#active.set(id, fault);
    return fault;
  }

  list(): Fault[] {
    return [...this.#active.values()];
  }

  remove(id: number): void {
    this.#active.delete(id);
  }

  clear(): void {
    this.#active.clear();
  }

  /**
   * Applies the rules to a call, in their order. Delays add up, and so do the times that a call
   * lasts; the first error or reset ends the call. Counts the call for each rule that strikes.
   */
  strike(service: ServiceName, action: string, resource: string | undefined): Strike {
    const struck: ActiveFault[] = [];
    for (const fault of this.#active.values()) {
      if (!fault.hits(service, action, resource)) continue;
      struck.push(fault);
      const { kind } = fault.rule.effect;
      if (kind === "error" || kind === "reset") break;
    }
    return {
      effects: struck.map(({ rule }) => rule.effect),
      failedEntry(index) {
        for (const fault of struck) {
          const error = fault.failedEntry(index);
          if (error !== undefined) return error;
        }
        return undefined;
      },
    };
  }
}

/** The effects of the faults on a call. */
export interface Strike {
  readonly effects: readonly FaultEffect[];
  /**
   * The error of the batch's entry with this index; undefined for an entry that does not fail. Call
   * it once for each entry, because it may draw a random number.
   */
  readonly failedEntry: (index: number) => AwsError | undefined;
}

class ActiveFault implements Fault {
  readonly id: number;
  readonly rule: FaultRule;
  strikes = 0;
  readonly #remove: () => void;
  readonly #random: SeededRandom;
  readonly #action: (name: string) => boolean;
  readonly #resource: (name: string) => boolean;

  constructor(id: number, rule: FaultRule, remove: () => void) {
    this.id = id;
    this.rule = rule;
    this.#remove = remove;
    this.#random = new SeededRandom(rule.seed ?? 1);
    this.#action = namePattern(rule.action ?? "*");
    this.#resource = namePattern(rule.resource ?? "*");
  }

  /**
   * Whether the fault strikes this call. If so, counts the call, and removes the fault after the
   * last of `calls`.
   */
  hits(service: ServiceName, action: string, resource: string | undefined): boolean {
    const { rule } = this;
    if (rule.service !== undefined && rule.service !== service) return false;
    if (!this.#action(action) || !this.#resource(resource ?? "")) return false;
    if (rule.probability !== undefined && !this.#random.chance(rule.probability)) return false;
    this.strikes++;
    if (rule.calls !== undefined && this.strikes >= rule.calls) this.remove();
    return true;
  }

  failedEntry(index: number): AwsError | undefined {
    const { effect } = this.rule;
    if (effect.kind !== "failedEntries") return undefined;
    if (effect.entries !== undefined && !effect.entries.includes(index)) return undefined;
    if (effect.share !== undefined && !this.#random.chance(effect.share)) return undefined;
    return faultError(effect);
  }

  remove(): void {
    this.#remove();
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

/**
 * Matches names against a pattern: `*` stands for any number of characters, `?` for exactly one.
 * The case of letters matters.
 */
function namePattern(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}
