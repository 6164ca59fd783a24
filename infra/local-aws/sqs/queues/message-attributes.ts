import { createHash } from "node:crypto";
import type { JsonObject } from "../../http/aws-json.ts";
import { SqsError } from "./errors.ts";

export interface MessageAttribute {
  /** String, Number or Binary, possibly with a custom label: `Number.float`. */
  readonly DataType: string;
  readonly StringValue?: string;
  /** The value in base64. */
  readonly BinaryValue?: string;
}

export type MessageAttributes = ReadonlyMap<string, MessageAttribute>;

const NO_ATTRIBUTES: MessageAttributes = new Map();
const MOST_ATTRIBUTES = 10;
const NAME = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/;
const RESERVED = /^(aws|amazon)\./i;

/** Parses a request's message attributes. Throws SqsError for an attribute that SQS refuses. */
export function parseMessageAttributes(input: JsonObject): MessageAttributes {
  const given = input["MessageAttributes"];
  if (given === undefined || given === null) return NO_ATTRIBUTES;
  const entries = Object.entries(given as Record<string, MessageAttribute>);
  if (entries.length > MOST_ATTRIBUTES) {
    throw refused(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`,
    );
  }
  for (const [name, attribute] of entries) checkAttribute(name, attribute);
  return new Map(entries);
}

/** The attributes' share of a message's size, bytes: names, types and values. */
export function attributesSize(attributes: MessageAttributes): number {
  let size = 0;
  for (const [name, attribute] of attributes) {
    size += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType ?? "");
    size += valueOf(attribute).bytes.length;
  }
  return size;
}

/**
 * The MD5 that the SDKs compare, as SQS's developer guide defines it. The attributes are sorted by
 * name. Name, data type and value each follow their length in four bytes; a byte for the kind of
 * transport precedes the value's length. Undefined when there are no attributes.
 */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  if (attributes.size === 0) return undefined;
  const hash = createHash("md5");
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  const names = [...attributes.keys()].sort();
  for (const name of names) {
    const attribute = attributes.get(name);
    if (attribute === undefined) continue;
    const { transport, bytes } = valueOf(attribute);
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    hash.update(Buffer.from([transport]));
    add(bytes);
  }
  return hash.digest("hex");
}

/** The attributes that a receive requests: `All` or `.*`, a prefix `name.*`, or exact names. */
export function selectAttributes(
  attributes: MessageAttributes,
  wanted: readonly string[],
): MessageAttributes {
  if (wanted.length === 0 || attributes.size === 0) return NO_ATTRIBUTES;
  if (wanted.includes("All") || wanted.includes(".*")) return attributes;
  const matches = (name: string): boolean =>
    wanted.some((wish) =>
      wish.endsWith(".*") ? name.startsWith(wish.slice(0, -2)) : name === wish,
    );
  return new Map([...attributes].filter(([name]) => matches(name)));
}

function checkAttribute(name: string, attribute: MessageAttribute): void {
  if (!NAME.test(name) || RESERVED.test(name))
    throw refused(`The message attribute name '${name}' is invalid.`);
  const type = attribute.DataType?.split(".")[0];
  if (type !== "String" && type !== "Number" && type !== "Binary") {
    throw refused(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const value = type === "Binary" ? attribute.BinaryValue : attribute.StringValue;
  if (typeof value !== "string" || value === "") {
    throw refused(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${type === "Binary" ? "Binary" : "String"}'.`,
    );
  }
  if (type === "Number" && !Number.isFinite(Number(value)))
    throw refused(`Can't cast the value of message (user) attribute '${name}' to a number.`);
}

function valueOf(attribute: MessageAttribute): { transport: 1 | 2; bytes: Buffer } {
  return attribute.BinaryValue === undefined
    ? { transport: 1, bytes: Buffer.from(attribute.StringValue ?? "") }
    : { transport: 2, bytes: Buffer.from(attribute.BinaryValue, "base64") };
}

function refused(message: string): SqsError {
  return new SqsError("InvalidParameterValue", message);
}
