import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCondition } from "../../../../config/condition/parse-condition.ts";
import { filterRow } from "../../../../functions/filters/filter-rows.ts";
import { jsonMembers } from "../../../../functions/filters/json-members.ts";
import { rowCondition, type RowImage } from "../../../../functions/filters/row-condition.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import {
  CONDITION_COLUMNS,
  randomCondition,
} from "../../../support/functions/random-conditions.ts";
import { truthOfRows } from "../../../support/functions/truth-of-rows.ts";
import { useMysql } from "../../../support/mysql.ts";

const ROWS = 300;
const CONDITIONS = Number(process.env["CONDITIONS"] ?? 700);
const STATEMENTS = 500;
const LIMIT_MS = 60_000 + CONDITIONS * 50;

const mysql = useMysql();
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
let binlog: BinlogFile;
/** Each row's image in the binlog, by id. */
let images: Map<number, RowImage>;

beforeAll(async () => {
  const random = new SeededRandom(seed);
  const names = Object.keys(CONDITION_COLUMNS);
  binlog = await BinlogFile.open(mysql.server, "conditions_test");
  const definitions = Object.entries(CONDITION_COLUMNS).map(
    ([name, { type }]) => `${name} ${type}`,
  );
  await binlog.connection.query(`CREATE TABLE t (id INT PRIMARY KEY, ${definitions.join(", ")})`);
  await binlog.events();
  for (let id = 0; id < ROWS; id++) {
    const values = Object.values(CONDITION_COLUMNS).map(({ values: some }) =>
      random.below(5) === 0 ? "NULL" : random.pick(some),
    );
    await binlog.connection.query(
      `INSERT INTO t (id, ${names.join(", ")}) VALUES (${id}, ${values.join(", ")})`,
    );
  }
  images = new Map(
    (await binlog.changes()).map(({ after }) => {
      const image = new Map(jsonMembers(after).map(({ name, value }) => [name, value]));
      return [Number(image.get("id")), image];
    }),
  );
});
afterAll(() => binlog[Symbol.asyncDispose]());

const keyText = (id: number) => JSON.stringify({ id });

const imageText = (image: RowImage) =>
  `{${[...image].map(([name, value]) => `"${name}":${value}`).join(",")}}`;

/** An insert, a delete, or an update of some columns, possibly of the key. */
function randomStatement(random: SeededRandom): string {
  const id = random.below(2 * ROWS);
  const [name, { values }] = random.pick(Object.entries(CONDITION_COLUMNS));
  const value = random.chance(0.2) ? "NULL" : random.pick(values);
  if (random.chance(0.2)) return `INSERT IGNORE INTO t (id, ${name}) VALUES (${id}, ${value})`;
  if (random.chance(0.1)) return `DELETE FROM t WHERE id = ${id}`;
  if (random.chance(0.2))
    return `UPDATE IGNORE t SET id = ${random.below(2 * ROWS)} WHERE id = ${id}`;
  return `UPDATE t SET ${name} = ${value} WHERE id BETWEEN ${id} AND ${id + 3}`;
}

describe(`conditions (SEED=${seed})`, () => {
  it(
    "have MySQL's result for every row: true, false or unknown",
    async () => {
      const random = new SeededRandom(seed + 1);
      const seen = new Map<boolean | null, number>();
      const differences: string[] = [];
      for (let i = 0; i < CONDITIONS; i++) {
        const text = randomCondition(random);
        const meets = rowCondition(parseCondition(text));
        for (const [id, truth] of await truthOfRows(binlog.connection, text)) {
          const image = images.get(id) ?? new Map<string, string>();
          const own = meets(image);
          if (own !== truth) {
            differences.push(`${text}: ${own}, MySQL ${truth}, ${JSON.stringify([...image])}`);
            break;
          }
          seen.set(truth, (seen.get(truth) ?? 0) + 1);
        }
      }
      expect(differences).toEqual([]);
      for (const truth of [true, false, null]) expect(seen.get(truth)).toBeGreaterThan(1000);
    },
    LIMIT_MS,
  );

  it("turn inserts, updates and deletes into changes that keep a copy of the matching rows", async () => {
    const random = new SeededRandom(seed + 2);
    const { connection } = binlog;
    const copies = Array.from({ length: 60 }, () => {
      const text = randomCondition(random, 2);
      const condition = rowCondition(parseCondition(text));
      const copy = new Map<string, string>();
      for (const [id, image] of images) {
        if (condition(image) === true) copy.set(keyText(id), imageText(image));
      }
      return { text, condition, copy };
    });
    for (let i = 0; i < STATEMENTS; i++) await connection.query(randomStatement(random));
    const changes = (await binlog.changes()).map((change) => ({
      ...change,
      transaction: 0,
      table: 0,
      offset: 0,
      row: 0,
      n: 0,
    }));
    const kinds = new Set<string>();
    for (const { text, condition, copy } of copies) {
      for (const change of changes) {
        const wanted = filterRow(change, condition, "create-delete");
        if (wanted === null || wanted === "undecided") continue;
        kinds.add(change.op + wanted.op);
        if (wanted.op !== "c") {
          expect(copy.delete(wanted.oldKey || wanted.key), `${text}: ${wanted.op}`).toBe(true);
        }
        if (wanted.op !== "d") {
          expect(copy.has(wanted.key), `${text}: ${wanted.op}`).toBe(false);
          copy.set(wanted.key, wanted.after);
        }
      }
      const meeting = [...(await truthOfRows(binlog.connection, text))].filter(
        ([, truth]) => truth === true,
      );
      expect([...copy.keys()].sort(), text).toEqual(meeting.map(([id]) => keyText(id)).sort());
    }
    expect([...kinds].sort()).toEqual(["cc", "dd", "uc", "ud", "uu"]);
  });
});
