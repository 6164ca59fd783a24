import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { BINLOG_VARIABLES, binlogFindings } from "../../../reader/source/binlog-checks.ts";
import type { MysqlAccount } from "../request/options.ts";
import { MysqlUnusableError } from "../request/refusal.ts";
import type { PlannedAccount } from "./accounts.ts";
import { makeDemonstration, removeDemonstration } from "./demonstration-objects.ts";
import type { Source } from "./source.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Prepares a server that `--mysql` names, to be read with the given account. Unless `demonstration`
 * is null, it makes the demonstration's tables and these accounts there, and disposing removes
 * them; it changes nothing else. Throws MysqlUnusableError or NoDemonstrationError, having made
 * nothing.
 */
export async function useGivenServer(
  account: MysqlAccount,
  demonstration: readonly PlannedAccount[] | null,
): Promise<Source> {
  const { host, port, user, password } = account;
  await using connection = await connect(account);
  const variables = await globalVariables(connection);
  const losses = binlogFindings(variables).filter(({ severity }) => severity === "loss");
  if (losses.length > 0) {
    const problems = losses.map(
      ({ what, why, remedy }) => `${what}: ${why} (${remedy.replace(/\.$/, "")})`,
    );
    throw new MysqlUnusableError(`MySQL at ${host}:${port} cannot be used: ${problems.join("; ")}`);
  }
  const accounts = demonstration === null ? [] : await makeDemonstration(connection, demonstration);
  return {
    host,
    port,
    version: variables.get("version") ?? "",
    administrator: { user, password },
    reader: { user, password },
    tls: isLoopback(host) ? "off" : "encrypt",
    accounts,
    pid: null,
    client: "mysql",
    async [Symbol.asyncDispose]() {
      if (demonstration === null) return;
      await using last = await connect(account);
      await removeDemonstration(last);
    },
  };
}

async function connect({ host, port, user, password }: MysqlAccount): Promise<Connection> {
  const ssl = isLoopback(host) ? {} : { ssl: { rejectUnauthorized: false } };
  try {
    const connectTimeout = CONNECT_TIMEOUT_MS;
    return await createConnection({ host, port, user, password, connectTimeout, ...ssl });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const sentence =
      code === "ER_ACCESS_DENIED_ERROR" || code === "ER_ACCESS_DENIED_NO_PASSWORD_ERROR"
        ? `MySQL at ${host}:${port} refuses the user ${user}: wrong password, or no such account`
        : `MySQL at ${host}:${port} cannot be reached (${code})`;
    throw new MysqlUnusableError(sentence, { cause });
  }
}

async function globalVariables(connection: Connection): Promise<Map<string, string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)",
    [BINLOG_VARIABLES],
  );
  return new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
