/** Calls `make` at the first use and caches the value. After an exception it calls `make` again. */
export function remembered<Value extends object>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}
