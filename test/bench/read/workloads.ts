import type { Connection, RowDataPacket } from "mysql2/promise";

/** One kind of work in a binlog file of its own. */
export interface Workload {
  readonly name: string;
  /** How many rows are inserted or updated. */
  readonly rows: number;
  readonly rowsPerStatement: number;
  /** The binlog file, which contains nothing else. */
  readonly file: string;
}

interface Plan {
  readonly name: string;
  readonly rows: number;
  readonly rowsPerStatement: number;
  /** Writes the rows of one statement, beginning with `@first`; `rows_each` is their number. */
  readonly statement: string;
}

const WIDE_COLUMNS = 60;

const TABLES = [
  `CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, customer VARCHAR(60), state ENUM('new','paid','sent'),
    amount DECIMAL(12,2), note TEXT, tags JSON, placed DATETIME(3), gift TINYINT, items INT)`,
  `CREATE TABLE shop.wide (id BIGINT PRIMARY KEY, ${columns((n) => [
    `n${n} INT`,
    `t${n} VARCHAR(40)`,
    `d${n} DECIMAL(10,2)`,
    `m${n} DATETIME`,
  ])})`,
  "CREATE TABLE shop.numbers (n INT PRIMARY KEY)",
  `INSERT INTO shop.numbers WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < 199)
    SELECT n FROM counted`,
];

/**
 * The note is random, because frames are compressed and a repeated text would compress too well.
 */
const ORDER = `SELECT @first + n, CONCAT('customer ', (@first + n) % 997), ELT(1 + n % 3, 'new', 'paid', 'sent'),
  n * 1.25, SHA2(CONCAT(@seed, ' ', @first + n), 384), JSON_OBJECT('gift', n % 2 = 0, 'codes', JSON_ARRAY(n, 'a', NULL)), NOW(3), n % 2, n % 12`;

/** The workloads that are measured; `size` multiplies their rows. */
function plans(size: number): Plan[] {
  return [
    {
      name: "bulk inserts, 200 rows a statement",
      rows: 400_000 * size,
      rowsPerStatement: 200,
      statement: `INSERT INTO shop.orders ${ORDER} FROM shop.numbers WHERE n < rows_each`,
    },
    {
      name: "one-row transactions",
      rows: 100_000 * size,
      rowsPerStatement: 1,
      statement: `INSERT INTO shop.orders ${ORDER} FROM shop.numbers WHERE n < rows_each`,
    },
    {
      name: `wide rows, ${WIDE_COLUMNS} columns`,
      rows: 40_000 * size,
      rowsPerStatement: 50,
      statement: `INSERT INTO shop.wide SELECT @first + n, ${columns((n) => [
        `@first + ${n}`,
        `CONCAT('text ', @first + n)`,
        `n + ${n}.25`,
        "NOW()",
      ])} FROM shop.numbers WHERE n < rows_each`,
    },
    {
      name: "updates, 200 rows a statement",
      rows: 200_000 * size,
      rowsPerStatement: 200,
      statement:
        "UPDATE shop.orders SET items = items + 1, state = 'paid' WHERE id >= @first AND id < @first + rows_each",
    },
  ];
}

function columns(ofNumber: (n: number) => readonly string[]): string {
  return Array.from({ length: WIDE_COLUMNS / 4 }, (_, n) => ofNumber(n))
    .flat()
    .join(", ");
}

/**
 * Makes the tables, then writes one workload after the other, and yields each once it is in the
 * binlog. `seed`: that of the random texts in the rows.
 */
export async function* workloads(
  connection: Connection,
  { size, seed }: { readonly size: number; readonly seed: number },
): AsyncGenerator<Workload> {
  await connection.query("CREATE DATABASE shop");
  for (const statement of TABLES) await connection.query(statement);
  for (const { name, rows, rowsPerStatement, statement } of plans(size)) {
    await connection.query(
      `CREATE PROCEDURE shop.work (statements INT, rows_each INT)
       BEGIN
         WHILE statements > 0 DO
           ${statement};
           SET @first = @first + rows_each, statements = statements - 1;
         END WHILE;
       END`,
    );
    // Updates begin with the first order; inserts follow the last one.
    const [[last]] = await connection.query<RowDataPacket[]>(
      "SELECT MAX(id) AS id FROM shop.orders",
    );
    const first = statement.startsWith("UPDATE") ? 1 : Number(last?.["id"] ?? 0) + 1;
    await connection.query("SET @first = ?, @seed = ?", [first, seed]);
    await connection.query("FLUSH BINARY LOGS");
    const [[status]] = await connection
      .query<RowDataPacket[]>("SHOW BINARY LOGS")
      .then(([files]) => [[files.at(-1)]] as const);
    await connection.query("CALL shop.work(?, ?)", [rows / rowsPerStatement, rowsPerStatement]);
    await connection.query("FLUSH BINARY LOGS");
    await connection.query("DROP PROCEDURE shop.work");
    yield { name, rows, rowsPerStatement, file: String(status?.["Log_name"]) };
  }
}
