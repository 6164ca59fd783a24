import type { Connection } from "mysql2/promise";
import { isRds } from "../../../reader/source/rds.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import { versionFindings } from "../../../reader/source/server-version.ts";
import { type Script, uninstallScript, untagScript } from "../../ledger/statements.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import { type ReportedFinding, withAcceptances } from "./accept.ts";
import { askLedger } from "./ask-ledger.ts";
import type { ReaderItemSource } from "./ask-reader.ts";
import { askVariables } from "./ask-server.ts";
import { checkServer } from "./check-server.ts";
import { accountOf, type DoctorConfiguration } from "./configuration.ts";
import { connectFirst } from "./connect-first.ts";

interface Options extends ReaderItemSource {
  readonly mysql?: string;
  /** The user name of the reader's account. */
  readonly reader: string;
  readonly tags?: boolean;
  /** False to check for tags without a ledger. */
  readonly ledger: boolean;
}

/** The error when init_connect fails for the doctor's own account. */
const LOCKED_OUT =
  "MySQL closed the connection because init_connect failed (ER_NEW_ABORTING_CONNECTION), which it does for every account without CONNECTION_ADMIN or SUPER. " +
  "Name an account with CONNECTION_ADMIN with --mysql, or let everybody in first: SET GLOBAL init_connect = ''; " +
  "on RDS and Aurora set init_connect to an empty value in the parameter group";

/**
 * Returns the findings about one source's server, including accepted ones. Throws CommandError.
 */
export function examine(
  options: Options,
  configuration: DoctorConfiguration,
): Promise<ReportedFinding[]> {
  return onServer(options, configuration, async (connection, variables) => {
    const unusable = versionFindings(variables);
    const findings =
      unusable.length > 0
        ? unusable
        : await checkServer(connection, variables, configuration, options);
    return withAcceptances(findings, configuration.doctor?.accept ?? {});
  });
}

/**
 * The script that removes the ledger. With `tags`, and when there is a ledger besides the tags, it
 * removes only the tags. Throws CommandError.
 */
export function removalScript(
  options: Options,
  configuration: DoctorConfiguration,
): Promise<Script> {
  return onServer(options, configuration, async (connection, variables) => {
    const [unusable] = versionFindings(variables);
    if (unusable !== undefined) throw new CommandError(unusable.what);
    const ledger = await askLedger(connection, variables.get("init_connect") ?? "");
    const { initConnect, exempt, isEverybodyOurs } = ledger;
    return options.tags === true && ledger.registration !== "tags"
      ? untagScript(initConnect, exempt, isRds(variables))
      : uninstallScript(initConnect, isEverybodyOurs, isRds(variables));
  });
}

async function onServer<Result>(
  { mysql }: Options,
  configuration: DoctorConfiguration,
  act: (connection: Connection, variables: ServerVariables) => Promise<Result>,
): Promise<Result> {
  try {
    const connection = await connectFirst(await accountOf(mysql, configuration));
    try {
      return await act(connection, await askVariables(connection));
    } finally {
      connection.destroy();
    }
  } catch (cause) {
    const isLockedOut =
      cause instanceof Error && "code" in cause && cause.code === "ER_NEW_ABORTING_CONNECTION";
    const why = isLockedOut ? LOCKED_OUT : sentence(cause);
    throw new CommandError(`The server could not be examined: ${why}`, { cause });
  }
}
