import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { SchemaError } from "../request/refusal.ts";
import type { MysqlServer } from "../mysql/mysql-server.ts";

/** Throws SchemaError when the file cannot be read. */
export async function assertReadable(schemaFile: string): Promise<void> {
  try {
    await using _ = await open(schemaFile);
  } catch (cause) {
    throw new SchemaError(`--schema: ${schemaFile} cannot be read`, { cause });
  }
}

/**
 * Runs a file of SQL statements as the server's administrator. The `mysql` client reads the file,
 * so it may contain everything that the client knows, such as DELIMITER. Throws SchemaError; the
 * statements before the faulty one have been run then.
 *
 * @param database the default database, if any
 */
export async function loadSchema(
  server: MysqlServer,
  schemaFile: string,
  database: string | undefined,
): Promise<void> {
  const { programs, host, port, user, password } = server;
  if (programs.mysql === null) {
    throw new SchemaError(
      `--schema needs the program mysql, which is not beside ${programs.mysqld}`,
    );
  }
  await using file = await open(schemaFile);
  const options = [`--host=${host}`, `--port=${port}`, `--user=${user}`, "--protocol=tcp"];
  const client = spawn(
    programs.mysql,
    [
      "--no-defaults",
      ...options,
      "--default-character-set=utf8mb4",
      ...(database === undefined ? [] : [database]),
    ],
    {
      stdio: [file.fd, "ignore", "pipe"],
      // Not an argument, because all users of this machine can read a process's arguments.
      env: { ...process.env, MYSQL_PWD: password },
    },
  );
  if (client.stderr === null) throw new TypeError("it is a pipe");
  const [[code], errors] = await Promise.all([once(client, "close"), text(client.stderr)]);
  if (code === 0) return;
  const fault = errors.split("\n").find((line) => line.startsWith("ERROR")) ?? errors.trim();
  throw new SchemaError(`--schema: ${schemaFile} cannot be loaded: ${fault}`);
}
