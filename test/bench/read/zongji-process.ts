import ZongJi from "@vlasky/zongji";

/**
 * The simplest alternative: zongji, and `JSON.stringify` for each row. Prints rows per second, from
 * the first event with rows to the last. Arguments: host, port, user, file, number of rows. The
 * password is in MYSQL_PWD.
 */
const [host = "", port = "", user = "", filename = "", expected = ""] = process.argv.slice(2);
const zongji = new ZongJi({
  host,
  port: Number(port),
  user,
  password: process.env["MYSQL_PWD"] ?? "",
});
let rows = 0;
let firstRows = 0;
let characters = 0;
let beganMs = 0;

zongji.on("binlog", (event) => {
  if (!("rows" in event)) return;
  for (const row of event.rows) characters += JSON.stringify(row).length;
  rows += event.rows.length;
  if (beganMs === 0) {
    beganMs = performance.now();
    firstRows = rows;
  }
  if (rows < Number(expected)) return;
  const seconds = (performance.now() - beganMs) / 1000;
  console.log(JSON.stringify({ rowsPerSecond: (rows - firstRows) / seconds, characters }));
  process.exit(0);
});
zongji.on("error", (error: unknown) => {
  console.error(error);
  process.exit(1);
});
zongji.start({ filename, position: 4, serverId: 4711, includeSchema: { shop: true } });
