import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRouter, type Router } from "../../../support/client/router.ts";
import {
  columnTypes,
  formatExamples,
  FOREIGN_FORMATS,
  type ForeignFormat,
  nextBody,
  runRemover,
} from "../../../support/foreign-formats.ts";
import { jsonMembers } from "../../../support/json-text.ts";

/**
 * A column of each type: its value as SQL, the JSON text in each format, and canal's java.sql.Types
 * code.
 */
const VALUES: Readonly<Record<string, readonly [string, string, string, string, string, number]>> =
  {
    ti: ["TINYINT", "-128", "-128", "-128", '"-128"', -6],
    tu: ["TINYINT UNSIGNED", "200", "200", "200", '"200"', 5],
    su: ["SMALLINT UNSIGNED", "65535", "65535", "65535", '"65535"', 4],
    mu: ["MEDIUMINT UNSIGNED", "16777215", "16777215", "16777215", '"16777215"', 4],
    iu: ["INT UNSIGNED", "4294967295", "4294967295", "4294967295", '"4294967295"', -5],
    bi: [
      "BIGINT",
      "9007199254740993",
      "9007199254740993",
      "9007199254740993",
      '"9007199254740993"',
      -5,
    ],
    bu: [
      "BIGINT UNSIGNED",
      "18446744073709551615",
      "-1",
      "18446744073709551615",
      '"18446744073709551615"',
      3,
    ],
    de: [
      "DECIMAL(30,10)",
      "12345678901234567890.1234567890",
      '"AY7pD/bDc+DuTj8K0g=="',
      "12345678901234567890.1234567890",
      '"12345678901234567890.1234567890"',
      3,
    ],
    fl: ["FLOAT", "1.5", "1.5", "1.5", '"1.5"', 7],
    du: ["DOUBLE", "0.1", "0.1", "0.1", '"0.1"', 8],
    b1: ["BIT(1)", "1", "true", "1", '"1"', -7],
    bt: ["BIT(10)", "257", '"AQE="', "257", '"257"', -7],
    ye: ["YEAR", "2026", "2026", "2026", '"2026"', 12],
    da: ["DATE", "'2026-11-20'", "20777", '"2026-11-20"', '"2026-11-20"', 91],
    tm: [
      "TIME(6)",
      "'-838:59:58.000001'",
      "-3020398000001",
      '"-838:59:58.000001"',
      '"-838:59:58.000001"',
      92,
    ],
    dt: [
      "DATETIME",
      "'2026-11-20 19:05:00'",
      "1795201500000",
      '"2026-11-20 19:05:00"',
      '"2026-11-20 19:05:00"',
      93,
    ],
    d6: [
      "DATETIME(6)",
      "'2026-11-20 19:05:00.123456'",
      "1795201500123456",
      '"2026-11-20 19:05:00.123456"',
      '"2026-11-20 19:05:00.123456"',
      93,
    ],
    ts: [
      "TIMESTAMP",
      "'2026-11-20 19:05:00'",
      '"2026-11-20T19:05:00Z"',
      '"2026-11-20 19:05:00"',
      '"2026-11-20 19:05:00"',
      93,
    ],
    t6: [
      "TIMESTAMP(6)",
      "'2026-11-20 19:05:00.1'",
      '"2026-11-20T19:05:00.100000Z"',
      '"2026-11-20 19:05:00.100000"',
      '"2026-11-20 19:05:00.100000"',
      93,
    ],
    ch: ["CHAR(5)", "'ab'", '"ab"', '"ab"', '"ab"', 1],
    vc: ["VARCHAR(20) CHARACTER SET latin1", "'é'", '"é"', '"é"', '"é"', 12],
    u3: ["VARCHAR(20) CHARACTER SET utf8mb3", "'ü'", '"ü"', '"ü"', '"ü"', 12],
    tt: ["TINYTEXT", "'x'", '"x"', '"x"', '"x"', 2005],
    tx: ["TEXT", "'ü😀'", '"ü😀"', '"ü😀"', '"ü😀"', 2005],
    lt: ["LONGTEXT", "'z'", '"z"', '"z"', '"z"', 2005],
    bn: ["BINARY(3)", "x'41FF'", '"Qf8A"', '"Qf8A"', '"Aÿ\\u0000"', 2004],
    vb: ["VARBINARY(8)", "x'41FF10'", '"Qf8Q"', '"Qf8Q"', '"Aÿ\\u0010"', 2004],
    bl: ["BLOB", "x'42'", '"Qg=="', '"Qg=="', '"B"', 2004],
    mb: ["MEDIUMBLOB", "x'43'", '"Qw=="', '"Qw=="', '"C"', 2004],
    en: ["ENUM('open','it''s')", "'it''s'", '"it\'s"', '"it\'s"', '"2"', 4],
    se: ["SET('a','b','c')", "'a,c'", '"a,c"', '["a","c"]', '"5"', -7],
    js: [
      "JSON",
      `'{"n": [18446744073709551615]}'`,
      String.raw`"{\"n\":[18446744073709551615]}"`,
      '{"n":[18446744073709551615]}',
      String.raw`"{\"n\": [18446744073709551615]}"`,
      12,
    ],
    po: [
      "POINT",
      "ST_GeomFromText('POINT(1.5 2)')",
      '{"x":1.5,"y":2,"wkb":"AQEAAAAAAAAAAAD4PwAAAAAAAABA","srid":null}',
      '"POINT (1.5 2)"',
      JSON.stringify(Buffer.from("AQEAAAAAAAAAAAD4PwAAAAAAAABA", "base64").toString("latin1")),
      2004,
    ],
    zd: ["DATE", "'0000-00-00'", "null", '"0000-00-00"', '"0000-00-00"', 91],
    zn: ["DATE NOT NULL", "'0000-00-00'", "0", '"0000-00-00"', '"0000-00-00"', 91],
    zt: [
      "TIMESTAMP NOT NULL",
      "'0000-00-00 00:00:00'",
      '"1970-01-01T00:00:00Z"',
      '"0000-00-00 00:00:00"',
      '"0000-00-00 00:00:00"',
      93,
    ],
    nu: ["INT", "NULL", "null", "null", "null", 4],
  };

describe("a running router's subscriber with another tool's format", () => {
  let router: Router;
  beforeAll(async () => {
    const tables = ["shop.*"];
    router = await startRouter(
      Object.fromEntries(FOREIGN_FORMATS.map((format) => [format, { tables, format }])),
    );
  });
  afterAll(() => router[Symbol.asyncDispose]());

  const next = (format: ForeignFormat): Promise<string> =>
    nextBody(router.sqs, router.stack.environments["staging"]?.queues[format] ?? "");

  it("gets the messages that the page about formats shows for each statement, field by field", async () => {
    const page = await readFile(new URL("../../../../docs/formats.md", import.meta.url), "utf8");
    const examples = formatExamples(page);
    const withoutRun = runRemover(page);
    expect(examples).toHaveLength(7);
    await using connection = await router.connectAs("staging");
    for (const { statement, messages } of examples) {
      await connection.query(statement);
      for (const { format, body } of messages) {
        expect(withoutRun(format, await next(format)), statement).toEqual(withoutRun(format, body));
      }
    }
  });

  it("gets every type of value as the tool writes it, digit for digit", async () => {
    await using connection = await router.connectAs("staging");
    // Skip the messages that the page's last statement caused for the other two formats; the page
    // does not show them.
    for (const format of ["debezium", "debezium", "canal", "canal"] as const) await next(format);
    await connection.query("SET sql_mode = ''"); // allows invalid dates
    const columns = Object.entries(VALUES).map(([name, [type]]) => `${name} ${type}`);
    await connection.query(
      `CREATE TABLE kinds (${columns.join(", ")}, id INT, part INT, PRIMARY KEY (part, id))`,
    );
    const values = Object.values(VALUES).map(([, value]) => value);
    await connection.query(`INSERT INTO kinds VALUES (${values.join(", ")}, 1, 2)`);

    const debezium = jsonMembers(await next("debezium"));
    const after = jsonMembers(debezium.get("after") ?? "");
    const maxwell = jsonMembers(await next("maxwell"));
    const data = jsonMembers(maxwell.get("data") ?? "");
    expect(JSON.parse(await next("canal"))).toMatchObject({ isDdl: true });
    const text = await next("canal");
    const canal = JSON.parse(text) as {
      readonly data: readonly Record<string, string>[];
      readonly sqlType: Record<string, number>;
      readonly mysqlType: Record<string, string>;
      readonly pkNames: readonly string[];
    };
    for (const [name, [, , ofDebezium, ofMaxwell, ofCanal, sqlType]] of Object.entries(VALUES)) {
      expect.soft(after.get(name), `debezium ${name}`).toBe(ofDebezium);
      expect.soft(data.get(name), `maxwell ${name}`).toBe(ofMaxwell);
      expect.soft(JSON.stringify(canal.data[0]?.[name]), `canal ${name}`).toBe(ofCanal);
      expect.soft(canal.sqlType[name], `canal's sqlType of ${name}`).toBe(sqlType);
    }
    expect(canal.mysqlType).toEqual(await columnTypes(connection, "kinds"));
    expect(canal.pkNames).toEqual(["part", "id"]);
    expect(maxwell.get("primary_key")).toBe("[2,1]");
  });

  it("gets a change with the columns of its time, and a transaction's rows in order", async () => {
    await using connection = await router.connectAs("staging");
    await connection.query("CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(5))");
    await connection.query("INSERT INTO notes VALUES (1, 'a')");
    await connection.query("ALTER TABLE notes MODIFY text VARBINARY(50)");
    await connection.query("START TRANSACTION");
    for (let id = 2; id <= 40; id++)
      await connection.query("INSERT INTO notes VALUES (?, 'b')", [id]);
    await connection.query("COMMIT");

    const types: string[] = [];
    while (types.length < 42) {
      const { type, mysqlType } = JSON.parse(await next("canal")) as {
        readonly type: string;
        readonly mysqlType: Record<string, string> | null;
      };
      types.push(`${type} ${mysqlType?.["text"] ?? ""}`);
    }
    expect(types.slice(0, 4)).toEqual([
      "CREATE ",
      "INSERT varchar(5)",
      "ALTER ",
      "INSERT varbinary(50)",
    ]);
    const rows: unknown[] = [];
    while (rows.length < 40) {
      const { data, commit, xoffset } = JSON.parse(await next("maxwell")) as {
        readonly data: { readonly id: number };
        readonly commit?: true;
        readonly xoffset?: number;
      };
      rows.push([data.id, commit ?? xoffset]);
    }
    expect(rows).toEqual([
      [1, true],
      ...Array.from({ length: 38 }, (_, n) => [n + 2, n]),
      [40, true],
    ]);
  });

  it("gets a transaction of many frames completely, and its commit only with its last row", async () => {
    await using connection = await router.connectAs("staging");
    await connection.query("CREATE TABLE bulk (id INT PRIMARY KEY, text CHAR(100))");
    const began = performance.now();
    await connection.query(
      "INSERT INTO bulk WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000) " +
        "SELECT n, REPEAT('x', 100) FROM numbers",
    );
    const rows: unknown[] = [];
    while (rows.length < 1000) {
      const { table, data, commit, xoffset } = JSON.parse(await next("maxwell")) as {
        readonly table: string;
        readonly data: { readonly id: number };
        readonly commit?: true;
        readonly xoffset?: number;
      };
      expect(table).toBe("bulk");
      rows.push([data.id, commit ?? xoffset]);
    }
    console.log(
      `1000 changes of one group, a message each, in ${Math.round(performance.now() - began)} ms`,
    );
    expect(rows).toEqual([...Array.from({ length: 999 }, (_, n) => [n + 1, n]), [1000, true]]);
  });
});
