import { describe, expect, test } from "vitest";
import { HelpRequested, parseOptions } from "../../../../../infra/local/request/options.ts";
import { UsageError } from "../../../../../infra/local/request/refusal.ts";

const parse = (...argv: string[]) => parseOptions(argv, "/checkout");

describe("npm start's options", () => {
  test("have defaults", () => {
    expect(parse()).toEqual({
      demo: true,
      ledger: true,
      tags: true,
      configFile: undefined,
      mysql: undefined,
      schemaFile: undefined,
      password: undefined,
      keep: false,
      durationMs: undefined,
      portBase: undefined,
      stateDirectory: "/checkout/.local",
    });
  });

  test("are all understood together", () => {
    const argv =
      "--no-demo --no-ledger --no-tags --keep --config c.json --duration 1.5 --port-base 4000 --state s";
    expect(parse(...argv.split(" "))).toMatchObject({
      demo: false,
      ledger: false,
      tags: false,
      keep: true,
      configFile: "c.json",
      durationMs: 1500,
      portBase: 4000,
      stateDirectory: "/checkout/s",
    });
  });

  test.each([
    ["--no-demo", { npm_config_demo: "" }],
    ["--port-base", { npm_config_port_base: "true" }],
  ])("are refused where npm read %s as its own", (option, environment) => {
    expect(() => parseOptions([], "/checkout", environment)).toThrow(
      new UsageError(
        `npm read ${option} as an option of its own; write -- before the options: npm start -- ${option}`,
      ),
    );
  });

  test.each([
    ["mysql://root:p%40ss@db.local:3307", "db.local", 3307, "root", "p@ss"],
    ["mysql://root@127.0.0.1", "127.0.0.1", 3306, "root", ""],
    ["mysql://root:x@[::1]:3306/", "::1", 3306, "root", "x"],
  ])("take the server from %s", (url, host, port, user, password) => {
    expect(parse("--mysql", url).mysql).toEqual({ host, port, user, password });
  });

  test.each([
    [["--frobnicate"], "unknown option '--frobnicate'"],
    [["extra"], "too many arguments"],
    [["--config"], "argument missing"],
    [["--duration", "soon"], "expected a number of seconds above 0"],
    [["--duration", "0"], "expected a number of seconds above 0"],
    [["--password", "it's"], "expected letters, digits and the signs - . _ ~"],
    [["--mysql", "mysql://root@db", "--schema", "s.sql"], "leave them out with --mysql"],
    [["--mysql", "mysql://root@db", "--password", "p"], "leave them out with --mysql"],
    [["--port-base", "70000"], "expected a port"],
    [["--mysql", "localhost:3306"], "--mysql expects mysql://user:password@host:port"],
    [["--mysql", "mysql://localhost"], "--mysql expects mysql://user:password@host:port"],
    [["--mysql", "mysql://root:x@localhost/shop"], "--mysql expects nothing after the port"],
    [["--mysql", "mysql://root:100%@localhost"], "--mysql expects a % in the user or password"],
  ])("refuse %j with a sentence", (argv, sentence) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(sentence);
  });

  test("never repeat a password in a refusal", () => {
    expect(() => parse("--mysql", "mysql://root:s3cret@localhost/shop")).toThrow(
      /^((?!s3cret)[^])*$/,
    );
  });

  test("are listed by --help", () => {
    expect(() => parse("--help")).toThrow(HelpRequested);
    expect(() => parse("--help")).toThrow(/--no-demo[^]*--port-base[^]*Exit code/);
  });
});
