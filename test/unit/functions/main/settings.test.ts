import { describe, expect, test } from "vitest";
import { FunctionSettingsError } from "../../../../functions/ground/errors.ts";
import { parseFunctionSettings } from "../../../../functions/main/settings.ts";
import { decodeRouting, encodeRouting } from "../../../../config/routing.ts";

const routing = (environments: number) => ({
  environments: Object.fromEntries(
    Array.from({ length: environments }, (_, n) => [`environment-${n}`, { users: [`app_${n}`] }]),
  ),
  subscribers: { billing: { tables: ["shop.*"] } },
});
const variables = {
  SOURCE_NAME: "shop",
  RAW_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-raw.fifo",
  ROUTING: encodeRouting(routing(2)),
  OFFSETS_TABLE: "offsets",
  FAILURES_TABLE: "failures",
  SESSIONS_TABLE: "sessions",
  PAYLOAD_BUCKET: "payloads",
};

describe("the functions' settings", () => {
  test("are read from the environment, with the routing's defaults filled in", () => {
    const settings = parseFunctionSettings(variables);
    expect(settings).toMatchObject({ source: "shop", payloadBucket: "payloads" });
    expect(settings.routing).toEqual({
      environments: {
        "environment-0": { users: ["app_0"] },
        "environment-1": { users: ["app_1"] },
      },
      subscribers: {
        billing: { tables: ["shop.*"], groupBy: "table", format: "envelope", ddl: "author" },
      },
      otherUsers: "unrouted",
    });
  });

  test("contain a large routing in compressed form, because all variables together may have 4 KB", () => {
    const text = encodeRouting(routing(200));
    expect(text).toMatch(/^z:/);
    expect(text.length).toBeLessThan(3000);
    const settings = parseFunctionSettings({ ...variables, ROUTING: text });
    expect(Object.keys(settings.routing.environments)).toHaveLength(200);
  });

  test("contain the routing as an earlier release encodes it", () => {
    const text =
      '{"environments":{"staging":{"users":["app"]}},"subscribers":{"billing":{"tables":["shop.*"],' +
      '"groupBy":"key","environments":["staging"],"format":"canal","ddl":"all"}},"otherUsers":"drop"}';
    expect(encodeRouting(decodeRouting(text))).toBe(text);
  });

  test("refuse an unknown message format", () => {
    const subscribers = { search: { tables: ["shop.*"], format: "avro" as "envelope" } };
    expect(() => encodeRouting({ ...routing(1), subscribers })).toThrow(/"format"/);
  });

  test("contain the ARN of the secret of the filters when the stack has one", () => {
    expect(parseFunctionSettings(variables).filterSecretArn).toBeNull();
    const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:filters";
    expect(parseFunctionSettings({ ...variables, FILTER_SECRET_ARN: arn })).toMatchObject({
      filterSecretArn: arn,
    });
  });

  test("contain a longer patience for a slow machine", () => {
    expect(parseFunctionSettings(variables).patienceMs).toBeNull();
    const slow = { ...variables, PATIENCE_MS: "5000" };
    expect(parseFunctionSettings(slow).patienceMs).toBe(5000);
    expect(() => parseFunctionSettings({ ...slow, PATIENCE_MS: "5 s" })).toThrow(/PATIENCE_MS/);
  });

  test("are refused with the names of all invalid variables at once", () => {
    const broken = {
      ...variables,
      RAW_QUEUE_URL: "here",
      ROUTING: "z:zz",
      OFFSETS_TABLE: undefined,
    };
    expect(() => parseFunctionSettings(broken)).toThrow(FunctionSettingsError);
    expect(() => parseFunctionSettings(broken)).toThrow(/RAW_QUEUE_URL.*ROUTING.*OFFSETS_TABLE/s);
  });
});
