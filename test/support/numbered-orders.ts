import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Frame } from "../../wire/frame.ts";
import { type TestMysql, useMysql } from "./mysql.ts";

/** A MySQL server with a new table `shop.orders (id)` for each test, and the stand-ins. */
export interface NumberedOrders {
  readonly mysql: TestMysql;
  /** Throws before the first test. */
  readonly aws: LocalAws;
  /** Throws before the first test. */
  readonly dynamodb: DynamoDBClient;
  /** Inserts a row for each number, in transactions of their own. */
  readonly insert: (first: number, last: number) => Promise<void>;
}

/** Starts both before the first test of the calling file, and ends them after the last one. */
export function useNumberedOrders(): NumberedOrders {
  const mysql = useMysql();
  let started: { readonly aws: LocalAws; readonly dynamodb: DynamoDBClient } | undefined;
  const running = () => {
    if (started === undefined) throw new Error("the stand-ins start before the first test");
    return started;
  };

  beforeAll(async () => {
    const aws = await startLocalAws();
    const { region, credentials, endpoints } = aws;
    started = {
      aws,
      dynamodb: new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb }),
    };
  });
  afterAll(async () => {
    started?.dynamodb.destroy();
    await started?.aws[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await mysql.query("DROP DATABASE IF EXISTS shop");
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  });

  return {
    mysql,
    get aws() {
      return running().aws;
    },
    get dynamodb() {
      return running().dynamodb;
    },
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
