import type { AwsError, ServiceName } from "./aws-service.ts";
import { faultError, type FaultEffect } from "./fault-effects.ts";
import { SeededRandom } from "./seeded-random.ts";

/**
 * Which calls go wrong, and how. Names may contain `*` and `?`; one that is left out stands for
 * all.
 */
export interface FaultRule {
  readonly service?: ServiceName;
  readonly action?: string;
  readonly resource?: string;
  readonly effect: FaultEffect;
  /** How many calls it strikes before it is spent; left out, it lasts until it is removed. */
  readonly calls?: number;
  /**
   * The share of matching calls that it strikes, 0 to 1 (default 1), drawn from `seed` (default 1).
   */
  readonly probability?: number;
  readonly seed?: number;
}

/** A rule in force. Leaving the scope of `using` removes it. */
export interface Fault extends Disposable {
  readonly id: number;
  readonly rule: FaultRule;
  /** How many calls it struck. */
  readonly strikes: number;
  remove(): void;
}

/** The faults of one local AWS; all its services look here. */
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
   * What happens to a call, in the order of the rules: delays add up, the first error or cut
   * connection ends it. Counts the call against the rules that strike.
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

/** What the faults do to one call. */
export interface Strike {
  readonly effects: readonly FaultEffect[];
  /**
   * The error of the batch's entry at this place, when it is to fail; asked once for each entry.
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
   * Whether this call is struck; if so it is counted, and the fault removed when that was the last
   * of `calls`.
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
 * A matcher of names: `*` stands for any number of characters, `?` for one; everything else for
 * itself, case included.
 */
function namePattern(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}
