import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** DynamoDB's attribute values, to and fro. What is absent reads as undefined. */
export type Item = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const texts = (values: Iterable<string>): AttributeValue => ({ SS: [...values] });
export const bytes = (value: Uint8Array): AttributeValue => ({ B: value });
export const map = (entries: Iterable<readonly [string, AttributeValue]>): AttributeValue => ({
  M: Object.fromEntries(entries),
});
export const NULL: AttributeValue = { NULL: true };

export function textOf(item: Item, name: string): string | undefined {
  return item[name]?.S;
}

export function numberOf(item: Item, name: string): number | undefined {
  const digits = item[name]?.N;
  return digits === undefined ? undefined : Number(digits);
}

/** A set attribute cannot be empty: an absent one is the empty set. */
export function textsOf(item: Item, name: string): ReadonlySet<string> {
  return new Set(item[name]?.SS ?? []);
}

/** An absent map is an empty one. */
export function mapOf(item: Item, name: string): Item {
  return item[name]?.M ?? {};
}
