/** The most entries of a cache. */
const MOST_ENTRIES = 10_000;

/**
 * Answers by name. It is cleared when it is full, because the process may live for days, and the
 * names of tables and hosts have no end: copies by date, databases of test runs.
 */
export class BoundedCache<Value> extends Map<string, Value> {
  override set(name: string, value: Value): this {
    if (this.size >= MOST_ENTRIES) this.clear();
    return super.set(name, value);
  }
}
