import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/**
 * A DynamoDB item. The functions of this file read and write its attributes; an absent attribute
 * reads as undefined.
 */
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

/** DynamoDB stores no empty sets, so an absent attribute reads as the empty set. */
export function textsOf(item: Item, name: string): ReadonlySet<string> {
  return new Set(item[name]?.SS ?? []);
}

/** An absent attribute reads as the empty map. */
export function mapOf(item: Item, name: string): Item {
  return item[name]?.M ?? {};
}
