import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RowValidationError } from "../../../client/errors.ts";
import { changesOf } from "../../../client/change.ts";
import { validateChange } from "../../../client/validate.ts";
import { change, message } from "../../support/client/messages.ts";

const order = z.object({ id: z.int(), total: z.string().transform(Number) });
const schemas = { "shop.orders": order };

describe("validating rows", () => {
  const [updated] = changesOf({
    ...message([1]),
    changes: [
      change(1, { op: "u", before: { id: 1, total: "12.50" }, after: { id: 1, total: "13.00" } }),
    ],
  });
  if (updated === undefined) throw new Error("no change");

  it("returns both row images as the validator returns them", async () => {
    expect(await validateChange(updated, schemas)).toEqual({
      ...updated,
      before: { id: 1, total: 12.5 },
      after: { id: 1, total: 13 },
    });
  });

  it("does not change tables without a validator, or absent images", async () => {
    expect(await validateChange(updated, { "shop.payments": order })).toBe(updated);
    const deleted = { ...updated, op: "d" as const, after: null };
    expect(await validateChange(deleted, schemas)).toMatchObject({ after: null });
  });

  it("rejects a refused row with an error that names its columns and no values", async () => {
    const wrong = { ...updated, after: { id: "4111 1111", total: "13.00" } };
    const refused = validateChange(wrong, schemas);
    await expect(refused).rejects.toThrow(RowValidationError);
    await expect(refused).rejects.toThrow(/^shop\.orders, change .*: the validator refused id$/);
    await expect(refused).rejects.toMatchObject({ issues: [{ path: ["id"] }] });
  });
});
