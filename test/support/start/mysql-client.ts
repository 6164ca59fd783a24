import { spawn } from "node:child_process";
import { once } from "node:events";
import { findMysql } from "../../../infra/local/mysql/find-mysql.ts";
import type { StackFile } from "../../../operator/shared/stack-file.ts";

/** A person at the prompt of the command line client `mysql`. */
export interface MysqlPrompt extends AsyncDisposable {
  /** Types a statement; returns at once, without waiting for the result. */
  type(statement: string): void;
}

/** Logs in as an account of the stack. Disposing logs out; it throws when a statement failed. */
export async function mysqlPrompt(
  { mysql }: Pick<StackFile, "mysql">,
  account: { readonly user: string; readonly password: string },
): Promise<MysqlPrompt> {
  const { mysql: client } = await findMysql();
  if (client === null) throw new Error("this MySQL installation has no command line client");
  const { host, port } = mysql;
  const options = [
    "--no-defaults",
    `-h${host}`,
    `-P${port}`,
    `-u${account.user}`,
    "--unbuffered",
    // Independent of this process's locale.
    "--default-character-set=utf8mb4",
  ];
  const child = spawn(client, options, {
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, MYSQL_PWD: account.password },
  });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  return {
    type(statement) {
      child.stdin.write(`${statement};\n`);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const [code] = (await once(child, "close")) as [number | null];
      if (code !== 0) throw new Error(`mysql: ${errors}`);
    },
  };
}
