import { describe, expect, it } from "vitest";
import { variableOptions } from "../../../../../infra/local/mysql/server-variables.ts";

describe("variableOptions", () => {
  it("writes every kind of value as mysqld reads it", () => {
    const variables = { server_id: 7, binlog_format: "ROW", mysqlx: false, read_only: true };
    expect(variableOptions({ ...variables, log_bin: null })).toEqual([
      "--server_id=7",
      "--binlog_format=ROW",
      "--mysqlx=OFF",
      "--read_only=ON",
      "--skip-log_bin",
    ]);
  });
});
