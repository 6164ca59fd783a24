import { expect, test, vi } from "vitest";
import { printError } from "../../../client/print-events.ts";

const CONTEXT = { environment: "staging", subscriber: "billing" } as const;

function printed(error: unknown, activity: "handle" | "receive"): string {
  using stderr = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const message = { group: "shop.orders", messageId: "1", receiveCount: 2 };
  printError(error, { ...CONTEXT, activity, ...(activity === "handle" && { message }) });
  return String(stderr.mock.calls[0]?.[0]);
}

test("an error of a handler is printed with the place in its code", () => {
  const [first, second] = printed(new TypeError("no total"), "handle").split("\n");
  expect(first).toBe(
    "binlog-router billing/staging/shop.orders: handle failed, attempt 2: TypeError: no total",
  );
  expect(second).toMatch(/^ +at .*print-events\.test\.ts:\d+/);
});

test.each([[{ value: [] }], [{ value: Object.create(null) }], [{ value: undefined }]])(
  "an error whose stack is no text is printed without it: %#",
  (stack) => {
    const error = Object.defineProperty(new Error("no total"), "stack", stack);
    expect(printed(error, "handle")).toMatch(/handle failed, attempt 2: Error: no total$/);
  },
);

test("an error of AWS is one line", () => {
  expect(printed(new Error("no network"), "receive")).toBe(
    "binlog-router billing/staging: receive failed: Error: no network",
  );
});

test.each([
  [undefined, "undefined"],
  [Symbol("odd"), "Symbol(odd)"],
  [Object.create(null), "what was thrown cannot be converted to text"],
])("a failure is printed whatever the handler threw: %#", (thrown, text) => {
  expect(printed(thrown, "handle")).toMatch(`attempt 2: ${text}`);
});
