import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  MissingRowMetadataError,
  UnsupportedEventError,
} from "../../../reader/binlog-format/errors.ts";
import { parseEventHeader } from "../../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import { streamTransactionPayload } from "../../../reader/binlog-format/events/transaction-payload.ts";
import { BinlogFile, decodeChanges } from "../../support/binlog-changes.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql();
let binlog: BinlogFile;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, "images_test");
});
afterAll(() => binlog[Symbol.asyncDispose]());
beforeEach(async () => {
  await binlog.connection.query(
    "SET binlog_row_image = FULL, binlog_transaction_compression = OFF, binlog_row_value_options = ''; DROP TABLE IF EXISTS t",
  );
});

/** The changes that the statements caused, as [op, key, old key, before, after]. */
async function changesOf(...statements: string[]): Promise<string[][]> {
  await binlog.events();
  for (const statement of statements) await binlog.connection.query(statement);
  const changes = await binlog.changes();
  return changes.map(({ op, key, oldKey, before, after }) => [op, key, oldKey, before, after]);
}

/** An identifier quoted for SQL. */
function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

describe("keys", () => {
  it("are the primary key of each change, and the old one only when an update changed it", async () => {
    await binlog.connection.query("CREATE TABLE t (a INT, id BIGINT UNSIGNED PRIMARY KEY)");
    expect(
      await changesOf(
        "INSERT INTO t VALUES (1, 18446744073709551615)",
        "UPDATE t SET a = 2",
        "UPDATE t SET id = 5",
        "DELETE FROM t",
      ),
    ).toEqual([
      ["c", '{"id":18446744073709551615}', "", "", '{"a":1,"id":18446744073709551615}'],
      [
        "u",
        '{"id":18446744073709551615}',
        "",
        '{"a":1,"id":18446744073709551615}',
        '{"a":2,"id":18446744073709551615}',
      ],
      [
        "u",
        '{"id":5}',
        '{"id":18446744073709551615}',
        '{"a":2,"id":18446744073709551615}',
        '{"a":2,"id":5}',
      ],
      ["d", '{"id":5}', "", '{"a":2,"id":5}', ""],
    ]);
  });

  it("have a composite key's columns in the key's order, and prefixes as whole values", async () => {
    await binlog.connection.query(
      "CREATE TABLE t (a INT, b VARCHAR(20), c INT, PRIMARY KEY (c, b(2), a))",
    );
    expect(
      await changesOf("INSERT INTO t VALUES (1, '\\\"é😀', 3)", "UPDATE t SET b = 'other'"),
    ).toEqual([
      ["c", '{"c":3,"b":"\\"é😀","a":1}', "", "", '{"a":1,"b":"\\"é😀","c":3}'],
      [
        "u",
        '{"c":3,"b":"other","a":1}',
        '{"c":3,"b":"\\"é😀","a":1}',
        '{"a":1,"b":"\\"é😀","c":3}',
        '{"a":1,"b":"other","c":3}',
      ],
    ]);
  });

  it("are a unique key without NULLs when the table has no primary key", async () => {
    await binlog.connection.query("CREATE TABLE t (a INT, b INT UNIQUE NOT NULL)");
    expect(await changesOf("INSERT INTO t VALUES (1, 2)")).toEqual([
      ["c", '{"b":2}', "", "", '{"a":1,"b":2}'],
    ]);
  });

  it("are absent for a table without such a key", async () => {
    await binlog.connection.query("CREATE TABLE t (a INT UNIQUE)");
    expect(await changesOf("INSERT INTO t VALUES (1), (2)")).toEqual([
      ["c", "", "", "", '{"a":1}'],
      ["c", "", "", "", '{"a":2}'],
    ]);
  });

  it("include a generated invisible primary key", async () => {
    await binlog.connection.query(
      "SET sql_generate_invisible_primary_key = ON; CREATE TABLE t (a INT); SET sql_generate_invisible_primary_key = OFF",
    );
    expect(await changesOf("INSERT INTO t VALUES (7)")).toEqual([
      ["c", '{"my_row_id":1}', "", "", '{"my_row_id":1,"a":7}'],
    ]);
  });
});

describe("row images without all columns", () => {
  it("MINIMAL: leave out absent columns, and take the key from the before image", async () => {
    await binlog.connection.query(
      "SET binlog_row_image = MINIMAL; CREATE TABLE t (x INT, id INT, y VARCHAR(9), part INT, z TEXT, PRIMARY KEY (id, part))",
    );
    expect(
      await changesOf(
        "INSERT INTO t (id, part, y) VALUES (1, 2, NULL)",
        "UPDATE t SET z = 'é'",
        "UPDATE t SET part = 3",
        "DELETE FROM t",
      ),
    ).toEqual([
      ["c", '{"id":1,"part":2}', "", "", '{"id":1,"y":null,"part":2}'],
      ["u", '{"id":1,"part":2}', "", '{"id":1,"part":2}', '{"z":"é"}'],
      ["u", '{"id":1,"part":3}', '{"id":1,"part":2}', '{"id":1,"part":2}', '{"part":3}'],
      ["d", '{"id":1,"part":3}', "", '{"id":1,"part":3}', ""],
    ]);
  });

  it("MINIMAL: have no key when the image lacks its columns", async () => {
    await binlog.connection.query(
      "SET binlog_row_image = MINIMAL; CREATE TABLE t (id INT PRIMARY KEY DEFAULT 7, a INT)",
    );
    expect(await changesOf("INSERT INTO t (a) VALUES (1)")).toEqual([["c", "", "", "", '{"a":1}']]);
  });

  it("MINIMAL: have no columns for a row of defaults only", async () => {
    await binlog.connection.query(
      "SET binlog_row_image = MINIMAL; CREATE TABLE t (a INT DEFAULT 4, b INT)",
    );
    expect(await changesOf("INSERT INTO t VALUES ()", "INSERT INTO t (b) VALUES (1)")).toEqual([
      ["c", "", "", "", "{}"],
      ["c", "", "", "", '{"b":1}'],
    ]);
  });

  it("NOBLOB: leave out unchanged large columns", async () => {
    await binlog.connection.query(
      "SET binlog_row_image = NOBLOB; CREATE TABLE t (id INT PRIMARY KEY, a INT, b BLOB, c TEXT)",
    );
    expect(
      await changesOf(
        "INSERT INTO t VALUES (1, 2, 'x', 'c')",
        "UPDATE t SET a = 3",
        "UPDATE t SET b = 'y'",
      ),
    ).toEqual([
      ["c", '{"id":1}', "", "", '{"id":1,"a":2,"b":"eA==","c":"c"}'],
      ["u", '{"id":1}', "", '{"id":1,"a":2}', '{"id":1,"a":3}'],
      ["u", '{"id":1}', "", '{"id":1,"a":3}', '{"id":1,"a":3,"b":"eQ=="}'],
    ]);
  });
});

describe("changes are decoded for", () => {
  it("more than 250 columns, with NULLs anywhere", async () => {
    const names = Array.from({ length: 600 }, (_, i) => `c${i}`);
    await binlog.connection.query(
      `CREATE TABLE t (${names.map((name) => `${name} SMALLINT`).join()}, PRIMARY KEY (c255, c599))`,
    );
    const values = names.map((_, i) => (i % 3 === 0 && i !== 255 ? null : i));
    const changes = await changesOf(
      `INSERT INTO t VALUES (${values.map((value) => value ?? "NULL").join()})`,
    );
    const expected = JSON.stringify(Object.fromEntries(names.map((name, i) => [name, values[i]])));
    expect(changes).toEqual([["c", '{"c255":255,"c599":599}', "", "", expected]]);
  });

  it("names with spaces, quotes, backticks, commas, backslashes and letters of any script", async () => {
    const table = "tab le `\"'\\,é漢";
    const column = "co lumn `\"'\\,.é漢";
    await binlog.connection.query(
      `CREATE DATABASE IF NOT EXISTS ${quoted("data base é")}; CREATE TABLE ${quoted("data base é")}.${quoted(table)} (${quoted(column)} INT PRIMARY KEY)`,
    );
    await binlog.events();
    await binlog.connection.query(
      `INSERT INTO ${quoted("data base é")}.${quoted(table)} VALUES (1)`,
    );
    const [change] = await binlog.changes();
    expect(change?.table.database).toBe("data base é");
    expect(change?.table.table).toBe(table);
    expect(JSON.parse(change?.after ?? "")).toEqual({ [column]: 1 });
    expect(change?.key).toBe(change?.after);
    await binlog.connection.query(`DROP DATABASE ${quoted("data base é")}`);
  });

  it("members of ENUM and SET in the character set binary, as they are defined", async () => {
    await binlog.connection.query(
      "CREATE TABLE t (e ENUM('é', '🦊') CHARACTER SET binary, s SET('ü', 'c') CHARACTER SET binary)",
    );
    const [[[e, s]]] = (await binlog.connection
      .query("INSERT INTO t VALUES (2, 3); SELECT e, s FROM t")
      .then(([results]) => [(results as unknown[])[1]])) as unknown as [[[Buffer, Buffer]]];
    const [change] = await binlog.changes();
    expect(JSON.parse(change?.after ?? "")).toEqual({
      e: e.toString("utf8"),
      s: s.toString("utf8").split(","),
    });
  });

  it("generated, invisible and functionally indexed columns", async () => {
    await binlog.connection.query(
      `CREATE TABLE t (id INT PRIMARY KEY, v INT AS (id + 1) VIRTUAL, s INT AS (id + 2) STORED,
        hidden INT INVISIBLE DEFAULT 3, j JSON, KEY ((id * 2)), KEY ((CAST(j AS UNSIGNED ARRAY))))`,
    );
    expect(await changesOf("INSERT INTO t (id, j) VALUES (1, '[3]')")).toEqual([
      ["c", '{"id":1}', "", "", '{"id":1,"v":2,"s":3,"hidden":3,"j":[3]}'],
    ]);
    await binlog.connection.query("UPDATE t SET id = 2");
    const [change] = await binlog.changes();
    expect(
      change?.table.columns.map(({ name, visible, nullable }) => [name, visible, nullable]),
    ).toEqual([
      ["id", true, false],
      ["v", true, true],
      ["s", true, true],
      ["hidden", false, true],
      ["j", true, true],
    ]);
  });

  it("columns added, dropped, moved and renamed between changes", async () => {
    await binlog.connection.query("CREATE TABLE t (id INT PRIMARY KEY, a INT, b CHAR(3))");
    expect(
      await changesOf(
        "INSERT INTO t VALUES (1, 2, 'abc')",
        "ALTER TABLE t ADD COLUMN f BIGINT FIRST, DROP COLUMN a, RENAME COLUMN b TO z",
        "INSERT INTO t VALUES (9, 2, 'def')",
      ),
    ).toEqual([
      ["c", '{"id":1}', "", "", '{"id":1,"a":2,"b":"abc"}'],
      ["c", '{"id":2}', "", "", '{"f":9,"id":2,"z":"def"}'],
    ]);
  });

  it("all changes of a multi-table statement and of a partitioned table", async () => {
    await binlog.connection.query(
      `CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3;
       DROP TABLE IF EXISTS other; CREATE TABLE other (id INT PRIMARY KEY, n INT)`,
    );
    await binlog.events();
    await binlog.connection.query(
      "INSERT INTO t VALUES (1), (2), (3); INSERT INTO other VALUES (1, 1), (2, 1); UPDATE t JOIN other USING (id) SET t.id = t.id + 10, n = 2",
    );
    const changes = await binlog.changes();
    expect(changes.map(({ table, op, key }) => `${table.table} ${op} ${key}`).sort()).toEqual([
      'other c {"id":1}',
      'other c {"id":2}',
      'other u {"id":1}',
      'other u {"id":2}',
      't c {"id":1}',
      't c {"id":2}',
      't c {"id":3}',
      't u {"id":11}',
      't u {"id":12}',
    ]);
  });
});

describe("a binlog that cannot be decoded exactly is refused", () => {
  it("with the setting's name when it contains parts of JSON documents", async () => {
    await binlog.connection.query(
      'CREATE TABLE t (id INT PRIMARY KEY, j JSON); INSERT INTO t VALUES (1, \'{"a": [1, 2, 3], "b": "a longer text"}\')',
    );
    await binlog.events();
    await binlog.connection.query(
      "SET binlog_row_value_options = PARTIAL_JSON; UPDATE t SET j = JSON_SET(j, '$.a[1]', 7)",
    );
    const events = await binlog.events();
    expect(() => decodeChanges(events)).toThrow(UnsupportedEventError);
    expect(() => decodeChanges(events)).toThrow("binlog_row_value_options");
  });

  it("with the names of the table and the setting when it does not name the columns", async () => {
    await binlog.connection.query(
      "CREATE TABLE t (id INT); SET GLOBAL binlog_row_metadata = MINIMAL",
    );
    try {
      await binlog.events();
      await binlog.connection.query("INSERT INTO t VALUES (1)");
      const events = await binlog.events();
      expect(() => decodeChanges(events)).toThrow(MissingRowMetadataError);
      expect(() => decodeChanges(events)).toThrow(
        "images_test.t; run SET PERSIST binlog_row_metadata = 'FULL'",
      );
    } finally {
      await binlog.connection.query("SET GLOBAL binlog_row_metadata = FULL");
    }
  });
});

describe("compressed transactions", () => {
  it("are decoded like other transactions", async () => {
    await binlog.connection.query(
      "CREATE TABLE t (id INT PRIMARY KEY, v TEXT); SET binlog_transaction_compression = ON",
    );
    expect(
      await changesOf(
        `INSERT INTO t VALUES (1, REPEAT('x', 1000))`,
        "UPDATE t SET id = 2, v = 'é'",
        "DELETE FROM t",
      ),
    ).toEqual([
      ["c", '{"id":1}', "", "", JSON.stringify({ id: 1, v: "x".repeat(1000) })],
      [
        "u",
        '{"id":2}',
        '{"id":1}',
        JSON.stringify({ id: 1, v: "x".repeat(1000) }),
        '{"id":2,"v":"é"}',
      ],
      ["d", '{"id":2}', "", '{"id":2,"v":"é"}', ""],
    ]);
  });

  it("of any size are decoded as a stream", async () => {
    await binlog.connection.query(
      "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000)); SET binlog_transaction_compression = ON, cte_max_recursion_depth = 100000",
    );
    await binlog.events();
    await binlog.connection.query(
      "INSERT INTO t (v) WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < 30000) SELECT REPEAT(SHA2(n, 512), 7) FROM c",
    );
    const payload = (await binlog.events()).find(
      (event) => parseEventHeader(event).type === EventType.TRANSACTION_PAYLOAD_EVENT,
    );
    const events: Buffer[] = [];
    for await (const event of streamTransactionPayload(payload ?? Buffer.of())) events.push(event);
    const keys = decodeChanges(events).map(({ key }) => key);
    expect(keys.length).toBe(30000);
    expect(keys[29999]).toBe('{"id":30000}');
  });
});
