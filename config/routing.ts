import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { UNROUTED } from "../wire/names.ts";
import { columns, where, whereCrossing } from "./filters.ts";
import { FORMATS, type Format } from "../wire/formats/formats.ts";

/** `otherUsers` when changes of users in no environment are counted and not delivered. */
export const DROP = "drop";

/**
 * Where changes of users go that no environment lists: `unrouted`, `drop`, or the name of an
 * environment.
 */
export const otherUsers = z.string().default(UNROUTED);

/**
 * What shares a message group, and so keeps its order: rows of one table, of one key, or the whole
 * source.
 */
const groupBy = z.enum(["table", "key", "source"]).default("table");

/**
 * With `groupBy: "key"`: how many message groups the keys of a table share. Left out: each key has
 * a group of its own.
 */
const keyBuckets = z.int().min(1).max(10_000).optional();

/** `zstd`: the text of a longer message is compressed. Left out: it is plain. */
const encoding = z.enum(["zstd"]).optional();

/** How a message is written. */
const format = z.enum(Object.keys(FORMATS) as Format[]).default("envelope");

/**
 * Who gets a statement that changes a table: the author's environment, every environment, nobody.
 */
const ddl = z.enum(["author", "all", "none"]).default("author");

/** What a subscriber says and the functions read. */
export const subscriberRouting = {
  groupBy,
  keyBuckets,
  /** The environments it runs in (`unrouted` may be among them). Left out: all. */
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
 * The part of the configuration that the functions need. `loadConfig` has checked the patterns and
 * names before the part is written to the variable `ROUTING`. Keys that are not listed here are
 * left out.
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

/**
 * All variables of a Lambda function together may have 4 KB; a text up to this length is left
 * readable.
 */
const READABLE_LENGTH = 2000;
const DEFLATED = "z:";

/**
 * The text of the variable `ROUTING`: JSON, or `z:` and the base64 of the deflated JSON when that
 * would be long.
 */
export function encodeRouting(routing: RoutingInput): string {
  const json = JSON.stringify(routingSchema.parse(routing));
  return json.length <= READABLE_LENGTH
    ? json
    : DEFLATED + deflateRawSync(json, { level: 9 }).toString("base64");
}

/**
 * The routing that a text of `encodeRouting` stands for. Throws an Error that says what is wrong
 * with it.
 */
export function decodeRouting(text: string): Routing {
  const json = text.startsWith(DEFLATED)
    ? inflateRawSync(Buffer.from(text.slice(DEFLATED.length), "base64")).toString("utf8")
    : text;
  return routingSchema.parse(JSON.parse(json));
}
