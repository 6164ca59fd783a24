import { afterAll, beforeAll, beforeEach } from "vitest";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import type { Account, TestMysql } from "./mysql.ts";

/**
 * Three environments that share a database: an account for each, and the services that a reader
 * needs.
 */
export interface ThreeEnvironments {
  /** Throws outside of the file's tests and hooks. */
  readonly aws: LocalAws;
  /** `app_production`, `app_staging` and `app_test`, with all privileges on shop. */
  readonly accounts: readonly [Account, Account, Account];
}

/**
 * Makes the accounts and services for a test file, and an empty shop.orders (id, note) before each
 * of its tests.
 */
export function useThreeEnvironments(mysql: TestMysql): ThreeEnvironments {
  let aws: LocalAws | undefined;
  let accounts: [Account, Account, Account] | undefined;

  beforeAll(async () => {
    aws = await startLocalAws();
    const privileges = ["ALL ON shop.*"];
    accounts = [
      await mysql.createAccount("app_production", privileges),
      await mysql.createAccount("app_staging", privileges),
      await mysql.createAccount("app_test", privileges),
    ];
  });
  afterAll(async () => aws?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await mysql.query("DROP DATABASE IF EXISTS shop");
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  });

  return {
    get aws() {
      if (aws === undefined) throw new Error("the services start before the first test");
      return aws;
    },
    get accounts() {
      if (accounts === undefined) throw new Error("the accounts are made before the first test");
      return accounts;
    },
  };
}
