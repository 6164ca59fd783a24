/** The number of requests that a service received, per action, and per resource and action. */
export interface RequestCounts {
  readonly actions: Readonly<Record<string, number>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Counts requests, including those that a fault answers, because AWS bills these too. */
export class RequestCounter {
  #actions = new Map<string, number>();
  #resources = new Map<string, Map<string, number>>();

  add(action: string, resource: string | undefined): void {
    increment(this.#actions, action);
    if (resource === undefined) return;
    let actions = this.#resources.get(resource);
    if (actions === undefined) this.#resources.set(resource, (actions = new Map()));
    increment(actions, action);
  }

  /** The counts since the start or the last reset. */
  counts(): RequestCounts {
    return {
      actions: Object.fromEntries(this.#actions),
      resources: Object.fromEntries(
        [...this.#resources].map(([resource, actions]) => [resource, Object.fromEntries(actions)]),
      ),
    };
  }

  reset(): void {
    this.#actions = new Map();
    this.#resources = new Map();
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
