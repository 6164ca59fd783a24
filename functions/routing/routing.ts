import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";

/** What the functions need of the configuration; the same names and meanings as there. */
const routingSchema = z.object({
  environments: z.record(
    z.string(),
    z.object({
      /** MySQL users, `*` and `?` allowed; `user@host` also limits the client's host. */
      users: z.array(z.string()),
    }),
  ),
  subscribers: z.record(
    z.string(),
    z.object({
      tables: z.array(z.string()),
      groupBy: z.enum(["table", "key", "source"]).default("table"),
      /** Left out: every environment. */
      environments: z.array(z.string()).optional(),
      format: z.enum(["envelope", "debezium", "maxwell", "canal"]).default("envelope"),
      ddl: z.enum(["author", "all", "none"]).default("author"),
    }),
  ),
  /** `unrouted`, `drop`, or the name of an environment. */
  otherUsers: z.string().default("unrouted"),
});

export type Routing = z.output<typeof routingSchema>;
export type RoutingInput = z.input<typeof routingSchema>;
export type Subscriber = Routing["subscribers"][string];

/** All variables of a Lambda function together may have 4 KB; a text up to this length is left readable. */
const READABLE_LENGTH = 2000;
const DEFLATED = "z:";

/** The text of the variable `ROUTING`: JSON, or `z:` and the base64 of the deflated JSON when that would be long. */
export function encodeRouting(routing: RoutingInput): string {
  const json = JSON.stringify(routingSchema.parse(routing));
  return json.length <= READABLE_LENGTH
    ? json
    : DEFLATED + deflateRawSync(json, { level: 9 }).toString("base64");
}

/** The routing that a text of `encodeRouting` stands for. Throws an Error that says what is wrong with it. */
export function decodeRouting(text: string): Routing {
  const json = text.startsWith(DEFLATED)
    ? inflateRawSync(Buffer.from(text.slice(DEFLATED.length), "base64")).toString("utf8")
    : text;
  return routingSchema.parse(JSON.parse(json));
}
