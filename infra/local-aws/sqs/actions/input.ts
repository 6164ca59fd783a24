import type { JsonObject } from "../../http/aws-json.ts";
import { invalidParameter, SqsError } from "../queues/errors.ts";

/** A parameter that must be a text of at least one character. Throws SqsError. */
export function requiredText(input: JsonObject, name: string): string {
  const value = input[name];
  if (typeof value !== "string" || value === "")
    throw new SqsError("MissingParameter", `The request must contain the parameter ${name}.`);
  return value;
}

/** An integer between two bounds, or undefined when the parameter is absent. Throws SqsError. */
export function optionalInteger(
  input: JsonObject,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most)
    throw invalidParameter(name, value, `Must be between ${least} and ${most}, if provided.`);
  return value;
}

export function texts(input: JsonObject, name: string): string[] {
  const value = input[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function objects(input: JsonObject, name: string): JsonObject[] {
  const value = input[name];
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

export function textMap(input: JsonObject, name: string): Readonly<Record<string, string>> {
  return (input[name] ?? {}) as Readonly<Record<string, string>>;
}
