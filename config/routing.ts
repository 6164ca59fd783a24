import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as z from "zod";
import { UNROUTED } from "../wire/names.ts";
import { columns, where, whereCrossing } from "./filters.ts";
import { FORMATS, type Format } from "../wire/formats/formats.ts";

/**
 * The value of `otherUsers` with which changes of users in no environment are counted but not
 * delivered.
 */
export const DROP = "drop";

/**
 * The destination for changes of users that no environment lists: `unrouted`, `drop`, or the name
 * of an environment.
 */
export const otherUsers = z.string().default(UNROUTED);

/**
 * Which changes share a message group and so keep their order: those of a table, of a key, or of
 * the whole source.
 */
const groupBy = z.enum(["table", "key", "source"]).default("table");

/**
 * With `groupBy: "key"`: the number of message groups that the keys of a table share. Left out:
 * each key has its own group.
 */
const keyBuckets = z.int().min(1).max(10_000).optional();

/** `zstd`: the text of long messages is compressed. Left out: all texts are plain. */
const encoding = z.enum(["zstd"]).optional();

/** The format of a subscriber's messages. */
const format = z.enum(Object.keys(FORMATS) as Format[]).default("envelope");

/**
 * Which environments get a statement that changes a table's definition: the author's, all, or none.
 */
const ddl = z.enum(["author", "all", "none"]).default("author");

/** A subscriber's keys that the functions read. */
export const subscriberRouting = {
  groupBy,
  keyBuckets,
  /** The environments in which the subscriber runs; may include `unrouted`. Left out: all. */
  environments: z.array(z.string()).optional(),
  format,
  encoding,
  ddl,
  /** Left out: whole rows. */
  columns: columns.optional(),
  /** Left out: all rows. */
  where: where.optional(),
  whereCrossing,
};

/**
 * The part of the configuration that the functions need. `loadConfig` checks patterns and names
 * before this part is written to the variable `ROUTING`. Keys that are not listed here are dropped.
 */
const routingSchema = z.object({
  environments: z.record(z.string(), z.object({ users: z.array(z.string()) })),
  subscribers: z.record(
    z.string(),
    z.object({ tables: z.array(z.string()), ...subscriberRouting }),
  ),
  otherUsers,
});

export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type Routing = DeepReadonly<z.output<typeof routingSchema>>;
export type RoutingInput = DeepReadonly<z.input<typeof routingSchema>>;
export type Subscriber = Routing["subscribers"][string];

/** Texts up to this length stay readable. Lambda allows 4 KB for all variables of a function. */
const READABLE_LENGTH = 2000;
const DEFLATED = "z:";

/**
 * The text of the variable `ROUTING`: JSON, or for a long JSON text `z:` and the base64 of the
 * deflated JSON.
 */
export function encodeRouting(routing: RoutingInput): string {
  const json = JSON.stringify(routingSchema.parse(routing));
  return json.length <= READABLE_LENGTH
    ? json
    : DEFLATED + deflateRawSync(json, { level: 9 }).toString("base64");
}

/** Parses a text of `encodeRouting`. Throws an Error that describes the fault. */
export function decodeRouting(text: string): Routing {
  const json = text.startsWith(DEFLATED)
    ? inflateRawSync(Buffer.from(text.slice(DEFLATED.length), "base64")).toString("utf8")
    : text;
  return routingSchema.parse(JSON.parse(json));
}
