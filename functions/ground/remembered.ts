/** Makes the value when it is asked for the first time; after an exception, the next time again. */
export function remembered<Value extends object>(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => (value ??= make());
}
