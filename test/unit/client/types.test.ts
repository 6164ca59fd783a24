import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { iterate, subscribe, type TransactionalPositionStore } from "../../../client/index.ts";

interface Order {
  readonly id: number;
  readonly total: string;
}
interface Payment {
  readonly order_id: number;
}

/** Never called: the test is that this function compiles. */
async function typesOfHandlers(store: TransactionalPositionStore<{ query(sql: string): void }>) {
  await subscribe("billing", (change) => {
    expectTypeOf(change.after).toEqualTypeOf<Record<string, unknown> | null>();
    expectTypeOf(change.table).toEqualTypeOf<string>();
  });
  await subscribe<{ "shop.orders": Order; "shop.payments": Payment }>("billing", (change) => {
    if (change.table === "shop.orders") expectTypeOf(change.after).toEqualTypeOf<Order | null>();
    else expectTypeOf(change.before).toEqualTypeOf<Payment | null>();
    if (change.table === "shop.orders" && change.op === "c") {
      expectTypeOf(change.after).toEqualTypeOf<Order>();
      expectTypeOf(change.before).toEqualTypeOf<null>();
    }
  });
  await subscribe("billing", (change) => {
    if (change.op === "u") expectTypeOf(change.before).toEqualTypeOf<Record<string, unknown>>();
    if (change.op === "d") expectTypeOf(change.after).toEqualTypeOf<null>();
    if (change.op === "ddl") expectTypeOf(change.statement).toEqualTypeOf<string>();
  });
  await subscribe(
    "billing",
    (changes) => {
      for (const change of changes) {
        expectTypeOf(change.table).toEqualTypeOf<"shop.orders">();
        expectTypeOf(change.after).toEqualTypeOf<{ id: number; total: number } | null>();
      }
    },
    {
      batch: true,
      schemas: {
        "shop.orders": z.object({ id: z.int(), total: z.string().transform(Number) }),
      },
    },
  );
  await subscribe("billing", (_change, { transaction }) => transaction.query("SELECT 1"), {
    positions: store,
  });
  // An application with exactOptionalPropertyTypes passes variables and its own options on.
  const environment = process.env["STAGE"];
  const signal = undefined as AbortSignal | undefined;
  await subscribe("billing", () => undefined, { environment, signal, onError: undefined });
  for await (const change of iterate<{ "shop.orders": Order }>("billing")) {
    expectTypeOf(change.key).toEqualTypeOf<Partial<Order> | null>();
  }
}

describe("the types that an application sees", () => {
  it("follow from its tables, its validators and its position store", () => {
    expectTypeOf(typesOfHandlers).toBeFunction();
  });
});
