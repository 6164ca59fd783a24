import { describe, expect, test } from "vitest";
import { cascadeFindings } from "../../../../../operator/commands/doctor/cascade-checks.ts";
import type { Finding } from "../../../../../reader/source/finding.ts";

const KEYS = [
  { database: "shop", table: "lines", name: "line_order", rules: "ON DELETE CASCADE" },
  { database: "logs", table: "visits", name: "visit_user", rules: "ON UPDATE SET NULL" },
];

function foundWith(value: string): Finding[] {
  return cascadeFindings(KEYS, ["*.*"], new Map([["innodb_native_foreign_keys", value]]));
}

describe("cascading foreign keys", () => {
  test("those of followed tables are listed where the server does not log the rows", () => {
    const [finding, ...others] = cascadeFindings(KEYS, ["shop.*"], new Map());
    expect(finding?.what).toContain("shop.lines.line_order (ON DELETE CASCADE)");
    expect(finding?.what).not.toContain("logs");
    expect(finding?.remedy).not.toContain("innodb_native_foreign_keys");
    expect(others).toEqual([]);
  });

  test("where MySQL can log them, the remedy names the option", () => {
    expect(foundWith("ON")[0]?.remedy).toContain("innodb_native_foreign_keys=OFF");
    expect(foundWith("OFF")).toEqual([]);
  });

  test("keys of other tables give no finding", () => {
    expect(cascadeFindings(KEYS, ["shop.orders"], new Map())).toEqual([]);
  });
});
