import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * A changed row as `mysqlbinlog -vv` shows it: the columns' texts by column number from 0, with
 * their bytes as latin1.
 */
export interface ShownRow {
  readonly op: "c" | "u" | "d";
  readonly before: ReadonlyMap<number, string>;
  readonly after: ReadonlyMap<number, string>;
}

const OPERATIONS = { INSERT: "c", UPDATE: "u", DELETE: "d" } as const;

/**
 * The rows of binlog files, one after the other, as mysqlbinlog shows them. Passes all other lines
 * to `others`. Throws when mysqlbinlog refuses a file.
 */
export async function* mysqlbinlogRows(
  program: string,
  files: readonly string[],
  others: string[],
): AsyncGenerator<ShownRow> {
  const child = spawn(program, ["--no-defaults", "-vv", "--base64-output=DECODE-ROWS", ...files], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let row: { op: ShownRow["op"]; before: Map<number, string>; after: Map<number, string> } | null =
    null;
  let image: "before" | "after" = "before";
  try {
    for await (const line of createInterface({ input: child.stdout.setEncoding("latin1") })) {
      if (line.startsWith("### Extra row info")) continue;
      if (!line.startsWith("### ")) {
        if (row !== null) yield row;
        row = null;
        others.push(line);
        continue;
      }
      const begins = /^### (INSERT|UPDATE|DELETE) (?:INTO |FROM )?`/.exec(line)?.[1];
      if (begins !== undefined) {
        if (row !== null) yield row;
        row = {
          op: OPERATIONS[begins as keyof typeof OPERATIONS],
          before: new Map(),
          after: new Map(),
        };
      } else if (line === "### WHERE" || line === "### SET") {
        image = line === "### WHERE" ? "before" : "after";
      } else if (row !== null) {
        const column = /^### {3}@(\d+)=(.*) \/\* .* is_null=[01] \*\/$/s.exec(line);
        if (column === null)
          throw new Error(`a line of mysqlbinlog that is not understood: ${line}`);
        row[image].set(Number(column[1]) - 1, column[2] ?? "");
      }
    }
    if (row !== null) yield row;
  } finally {
    // When the caller stops early, mysqlbinlog would otherwise block on a full pipe.
    child.stdout.destroy();
    await exited;
  }
  if (child.exitCode !== 0) throw new Error(`mysqlbinlog ended with ${child.exitCode}`);
}
