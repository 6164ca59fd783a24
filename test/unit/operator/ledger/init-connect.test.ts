import { describe, expect, test } from "vitest";
import {
  callsProcedure,
  hasRegistration,
  withoutCalls,
  withoutRegistration,
  withRegistration,
} from "../../../../operator/ledger/init-connect.ts";

describe("init_connect", () => {
  test.each([
    "",
    "SET NAMES utf8mb4",
    "SET @a = 1; SET @b = ';'; ",
    "SET autocommit = 0;",
    "/* ours */ CALL audit.login()",
  ])("keeps the other statements: %j", (before) => {
    const after = withRegistration(before);
    expect(hasRegistration(after)).toBe(true);
    expect(callsProcedure(after)).toBe(true);
    expect(after.endsWith(before)).toBe(true);
    expect(withoutRegistration(after)).toBe(before);
    expect(withRegistration(after)).toBe(after);
  });

  test("removes the registration also when other statements precede it", () => {
    const mixed = `SET @first = 1; ${withRegistration("SET @last = 1")}`;
    expect(withoutRegistration(mixed)).toBe("SET @first = 1; SET @last = 1");
  });

  test("removes the statements of an earlier version, which failed on a server full of prepared statements", () => {
    const former =
      "SET ROLE NONE; CALL binlog_router.register_session(); " +
      "SET @binlog_router = IF(@@GLOBAL.activate_all_roles_on_login, 'SET ROLE ALL', 'SET ROLE DEFAULT'); " +
      "PREPARE binlog_router FROM @binlog_router; EXECUTE binlog_router; " +
      "DEALLOCATE PREPARE binlog_router; SET @binlog_router = NULL";
    expect(withoutRegistration(`${former}; SET @last = 1`)).toBe("SET @last = 1");
    expect(withRegistration(`${former}; SET @last = 1`)).toBe(withRegistration("SET @last = 1"));
    expect(hasRegistration(former)).toBe(false);
    expect(withRegistration("")).not.toContain("PREPARE");
  });

  test.each([
    ["call `binlog_router` . register_session", ""],
    ["SET @a = 1; CALL binlog_router.register_session( ); SET @b = 2", "SET @a = 1; SET @b = 2"],
    [withRegistration("SET @a = 1"), "SET @a = 1"],
    ["CALL other.register_session()", "CALL other.register_session()"],
  ])("removes every call when it is asked for all: %j", (initConnect, rest) => {
    expect(withoutCalls(initConnect)).toBe(rest);
  });

  test("recognises a call that is written otherwise, and does not remove it", () => {
    const byHand = "call `binlog_router` . register_session";
    expect(callsProcedure(byHand)).toBe(true);
    expect(hasRegistration(byHand)).toBe(false);
    expect(withoutRegistration(byHand)).toBe(byHand);
    expect(callsProcedure("CALL other.register_session()")).toBe(false);
  });
});
