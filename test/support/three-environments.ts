import { beforeAll, beforeEach } from "vitest";
import { type TestAws, useLocalAws } from "./local-aws.ts";
import type { Account, TestMysql } from "./mysql.ts";

/**
 * Three environments that share a database: an account for each, and the services that a reader
 * needs.
 */
export interface ThreeEnvironments {
  readonly aws: TestAws;
  /** `app_production`, `app_staging` and `app_test`, with all privileges on shop. */
  readonly accounts: readonly [Account, Account, Account];
}

/**
 * Makes the accounts and services for a test file, and an empty shop.orders (id, note) before each
 * of its tests.
 */
export function useThreeEnvironments(mysql: TestMysql): ThreeEnvironments {
  const aws = useLocalAws();
  let accounts: [Account, Account, Account] | undefined;

  beforeAll(async () => {
    const privileges = ["ALL ON shop.*"];
    accounts = [
      await mysql.createAccount("app_production", privileges),
      await mysql.createAccount("app_staging", privileges),
      await mysql.createAccount("app_test", privileges),
    ];
  });
  beforeEach(async () => {
    await mysql.query("DROP DATABASE IF EXISTS shop");
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  });

  return {
    aws,
    get accounts() {
      if (accounts === undefined) throw new Error("the accounts are made before the first test");
      return accounts;
    },
  };
}
