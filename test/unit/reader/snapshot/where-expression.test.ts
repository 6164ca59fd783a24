import { expect, test } from "vitest";
import { SnapshotRefusedError } from "../../../../reader/snapshot/errors.ts";
import { assertOneExpression } from "../../../../reader/snapshot/where-expression.ts";

test.for([
  "created_at >= '2026-01-01'",
  "(a = 1 OR b IN (2, 3)) AND name LIKE 'it''s; -- \\' #%'",
  '`select` = 1 AND note <> "SELECT ("',
  "JSON_EXTRACT(doc, '$.a') = 1",
  "a - -1 > 0",
])("--where may be %s", (where) => {
  expect(() => assertOneExpression(where)).not.toThrow();
});

test.for([
  "1; DROP TABLE t",
  "1 -- comment",
  "1 /*! OR SLEEP(1) */",
  "1 # comment",
  "1) OR (1",
  "(1",
  "'open",
  "id IN (SELECT id FROM other)",
  "EXISTS (TABLE other)",
  "id IN (VALUES ROW(1))",
  "1 INTO OUTFILE '/tmp/rows'",
  "1 into @rows",
  "a = 1 UNION ALL (b)",
  "Sleep(10)",
  "get_lock('x', 1)",
  "@a := 1",
  "id = ?",
  " ",
])("--where is refused: %s", (where) => {
  expect(() => assertOneExpression(where)).toThrow(SnapshotRefusedError);
});
