import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketGroup,
  keyGroup,
  lateGroup,
  sourceGroup,
  tableGroup,
} from "../../../../functions/routing/message-group.ts";

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const LEGAL = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 64 });

describe("a message group's name", () => {
  test("is the table's name when SQS allows it", () => {
    expect(tableGroup("shop", "orders")).toBe("shop.orders");
    expect(tableGroup("shop", "order items")).toBe("shop.order%20items");
    expect(tableGroup("shop", "🛒")).toBe("shop.%F0%9F%9B%92");
    expect(sourceGroup("shop", 0)).toBe("shop");
    expect(sourceGroup("shop", 3)).toBe("shop#lane-3");
  });

  test("is valid in SQS for every table, key and connection", () => {
    fc.assert(
      fc.property(name, name, fc.string(), fc.maxSafeNat(), (database, table, key, thread) => {
        const group = keyGroup(database, table, key);
        expect(group).toMatch(LEGAL);
        expect(lateGroup(group, thread, key, 0)).toMatch(LEGAL);
        const bucket = bucketGroup(database, table, key, 10_000);
        expect(lateGroup(bucket, thread, key, 0)).toMatch(LEGAL);
      }),
    );
  });

  test("differs for another table", () => {
    fc.assert(
      fc.property(fc.tuple(name, name), fc.tuple(name, name), (a, b) => {
        fc.pre(a.join("\0") !== b.join("\0"));
        expect(tableGroup(...a)).not.toBe(tableGroup(...b));
      }),
    );
    expect(tableGroup("a.b", "c")).not.toBe(tableGroup("a", "b.c"));
  });

  test("differs for another key, and for the same thread id of another connection", () => {
    expect(keyGroup("s", "t", '{"id":1}')).not.toBe(keyGroup("s", "t", '{"id":2}'));
    expect(keyGroup("s", "t", "")).toBe("s.t");
    expect(bucketGroup("s", "t", "", 8)).toBe("s.t");
    expect(bucketGroup("s", "t", '{"id":1}', 8)).toMatch(/^s\.t#8-[0-7]$/);
    expect(lateGroup("s.t", 24, "server/1/24", 0)).toMatch(/^s\.t#late-24-/);
    expect(lateGroup("s.t", 24, "server/1/24", 0)).not.toBe(lateGroup("s.t", 24, "server/1/24", 1));
    expect(lateGroup("s.t", 24, "server/1/24", 0)).not.toBe(lateGroup("s.t", 24, "server/2/24", 0));
  });
});
