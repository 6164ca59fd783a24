import { createConnection } from "mysql2/promise";
import type { Configuration } from "../../../config/configuration.ts";
import { isFiltered } from "../../../config/filters.ts";
import { askColumns } from "../../../operator/commands/doctor/ask-columns.ts";
import { filterFindings } from "../../../operator/commands/doctor/filter-checks.ts";
import { askVariables } from "../../../operator/commands/doctor/ask-server.ts";
import { Refusal } from "../request/refusal.ts";
import type { Source } from "./source.ts";

/**
 * Compares the subscribers' filters with the server's tables and returns warnings, most often about
 * columns that do not exist. Tables that do not exist yet give none. Throws Refusal when a filter
 * leaves out a key column or masks it beyond recognition.
 */
export async function filterWarnings(
  { host, port, administrator, tls }: Pick<Source, "host" | "port" | "administrator" | "tls">,
  { subscribers }: Pick<Configuration, "subscribers">,
): Promise<string[]> {
  if (!Object.values(subscribers).some(isFiltered)) return [];
  const ssl = tls === "off" ? {} : { ssl: { rejectUnauthorized: false } };
  await using connection = await createConnection({ host, port, ...administrator, ...ssl });
  const findings = filterFindings(
    subscribers,
    await askColumns(connection),
    await askVariables(connection),
  );
  const keys = findings.filter(({ check }) => check === "filters.key");
  if (keys.length > 0)
    throw new Refusal(
      keys
        .map(({ what, remedy }) => `${what}: ${remedy}`)
        .join(" ")
        .replace(/\.$/, ""),
    );
  return findings
    .filter(({ check, severity }) => severity === "warning" && check !== "filters.tables")
    .map(({ what, why, remedy }) => `The configuration: ${what}; ${why}. ${remedy}`);
}
