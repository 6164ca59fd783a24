import { expect, test } from "vitest";
import {
  makeDemonstration,
  removeDemonstration,
} from "../../../../../infra/local/source/demonstration-objects.ts";
import {
  DEMO_DATABASE,
  DEMO_TABLES,
} from "../../../../../infra/local/source/demonstration-schema.ts";
import { useMysql } from "../../../../support/mysql.ts";

const mysql = useMysql();

test("the demonstration's tables and their database are removed, also a copy whose name has a dot", async () => {
  const administrator = await mysql.connect();
  await makeDemonstration(administrator, []);
  const [table] = DEMO_TABLES;
  await administrator.query(
    `CREATE TABLE ${DEMO_DATABASE}.\`a.copy\` LIKE ${DEMO_DATABASE}.${table}`,
  );
  await removeDemonstration(administrator);
  expect(await mysql.query(`SHOW DATABASES LIKE '${DEMO_DATABASE}'`)).toEqual([]);
});
