import { writeFileSync } from "node:fs";
import ZongJi from "@vlasky/zongji";

/**
 * The simplest alternative: zongji, and `JSON.stringify` for each row. Its settings are in the
 * PEER_* variables; see peer-process.ts.
 */
const setting = (name: string): string => process.env[`PEER_${name}`] ?? "";
const expected = Number(setting("ROWS"));
const warmRows = Number(setting("WARM_ROWS"));
const zongji = new ZongJi({
  host: setting("HOST"),
  port: Number(setting("PORT")),
  user: setting("USER"),
  password: setting("PASSWORD"),
});
let rows = 0;
let firstRows = 0;
let characters = 0;
let beganMs = 0;
const delaysUs: number[] = [];

zongji.on("binlog", (event) => {
  if (!("rows" in event)) return;
  for (const row of event.rows) {
    characters += JSON.stringify(row).length;
    if (warmRows > 0 && rows >= warmRows) takeDelay(row);
  }
  const wasWarm = rows >= warmRows;
  rows += event.rows.length;
  if (!wasWarm && rows >= warmRows) console.error("@peer warm");
  if (beganMs === 0) {
    beganMs = performance.now();
    firstRows = rows;
  }
  if (rows < expected) return;
  const seconds = (performance.now() - beganMs) / 1000;
  const rowsPerSecond = (rows - firstRows) / seconds;
  writeFileSync(setting("RESULT"), JSON.stringify({ rows, rowsPerSecond, characters, delaysUs }));
  process.exit(0);
});
zongji.on("error", (error: unknown) => {
  console.error(error);
  process.exit(1);
});
zongji.start({
  filename: setting("FILE"),
  position: Number(setting("POSITION")),
  serverId: Number(setting("SERVER_ID")),
  includeSchema: { shop: true },
});

function takeDelay(row: object): void {
  if (!("written_us" in row)) return;
  const nowUs = (performance.timeOrigin + performance.now()) * 1000;
  delaysUs.push(Math.round(nowUs - Number(row.written_us)));
}
