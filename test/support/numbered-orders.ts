import { beforeEach } from "vitest";
import type { Frame } from "../../wire/frame.ts";
import { type TestAws, useLocalAws } from "./local-aws.ts";
import { type TestMysql, useMysql } from "./mysql.ts";

/** A MySQL server with a new table `shop.orders (id)` for each test, and the stand-ins. */
export interface NumberedOrders {
  readonly mysql: TestMysql;
  readonly aws: TestAws;
  /** Inserts a row for each number, in transactions of their own. */
  readonly insert: (first: number, last: number) => Promise<void>;
}

/** Starts both before the first test of the calling file, and ends them after the last one. */
export function useNumberedOrders(): NumberedOrders {
  const mysql = useMysql();
  const aws = useLocalAws();

  beforeEach(async () => {
    await mysql.query("DROP DATABASE IF EXISTS shop");
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  });

  return {
    mysql,
    aws,
    async insert(first, last) {
      for (const id of range(first, last))
        await mysql.query("INSERT INTO shop.orders VALUES (?)", [id]);
    },
  };
}

/** The ids of the rows that frames insert, in their order. */
export function idsOf(frames: readonly Frame[]): number[] {
  return frames.flatMap(({ changes }) =>
    changes.filter(({ op }) => op === "c").map(({ key }) => (JSON.parse(key) as { id: number }).id),
  );
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
