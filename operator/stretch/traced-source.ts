import { GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { ConfigError } from "../../config/config-error.ts";
import { type FilteredNames, filteredNames } from "../../config/filtered-names.ts";
import { needsTableColumns } from "../../config/frame-columns.ts";
import { loadConfig, readConfigObject } from "../../config/load.ts";
import { decodeRouting, encodeRouting, type Routing } from "../../config/routing.ts";
import { parseFunctionSettings } from "../../functions/main/settings.ts";
import { parseReaderSettings } from "../../reader/settings.ts";
import type { Credentials, SourceAddress } from "../../reader/source/connection-options.ts";
import { secretCredentials } from "../../reader/source/credentials.ts";
import { CommandError } from "../shared/command-error.ts";
import type { Target } from "../shared/target.ts";

/** An installation's source, for a command that reads the binlog independently of the reader. */
export interface TracedSource {
  readonly name: string;
  readonly address: SourceAddress;
  /** The credentials of the reader's account. */
  readonly credentials: Credentials;
  readonly tables: readonly string[];
  readonly statementTables: readonly string[];
  /** The session ledger's table, `database.table`. */
  readonly ledgerTable: string;
  /** Whether a subscriber needs the columns of tables; see `needsTableColumns`. */
  readonly columns: boolean;
  readonly filteredNames: FilteredNames | null;
  readonly routing: Routing;
}

/** Where a deployed stack's configuration is. A local stack's file contains its settings. */
export interface SourceOptions {
  readonly config: string;
  readonly source?: string;
  /** `host:port` to use instead of the configuration's address, for a tunnel. */
  readonly at?: string;
}

const LEDGER_TABLE = "binlog_router.sessions";

/** Finds the source of a stack. Throws CommandError. */
export async function tracedSource(target: Target, options: SourceOptions): Promise<TracedSource> {
  return target.parts === null
    ? await configuredSource(target, options)
    : localSource(target, target.parts);
}

function localSource(target: Target, parts: Target["parts"]): TracedSource {
  if (parts == null)
    throw new CommandError("this stack was started by an earlier version; start it again");
  const { source: name, host, port, tls, secretArn, ...reader } = parseReaderSettings(parts.reader);
  const { routing } = parseFunctionSettings(parts.route);
  const { tables, statementTables, ledgerTable, columns } = reader;
  return {
    name,
    address: { host, port, tls },
    credentials: credentialsIn(target, secretArn),
    tables,
    statementTables,
    ledgerTable,
    columns,
    filteredNames: reader.filteredNames,
    routing,
  };
}

async function configuredSource(
  target: Target,
  { config: path, source: name, at }: SourceOptions,
): Promise<TracedSource> {
  const config = await readConfiguration(path, name);
  const { host, port, tls } = config.source;
  const secretArn = config.source.secretArn ?? target.sourceSecretArn;
  if (host === undefined || secretArn === null)
    throw new CommandError(`${path} has no source.host; name the configuration with --config FILE`);
  return {
    name: config.name,
    address: at === undefined ? { host, port, tls } : { ...addressOf(at), tls },
    credentials: credentialsIn(target, secretArn),
    tables: config.source.tables,
    statementTables: config.source.statementTables,
    ledgerTable: LEDGER_TABLE,
    columns: needsTableColumns(config),
    filteredNames: filteredNames(config.subscribers),
    // Encoding and decoding give the functions' routing: defaults added, other settings removed.
    routing: decodeRouting(encodeRouting(config)),
  };
}

async function readConfiguration(path: string, name: string | undefined) {
  try {
    return loadConfig(await readConfigObject(path, name));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) throw new CommandError("--at expects host:port");
  return { host: match[1] ?? "", port: Number(match[2]) };
}

function credentialsIn({ secrets }: Target, arn: string): Credentials {
  return secretCredentials(async () => {
    const answer = await secrets.send(new GetSecretValueCommand({ SecretId: arn }));
    return answer.SecretString ?? "";
  });
}

/**
 * The hash key for masked columns; null when no subscriber has `columns`. Throws CommandError when
 * the secret is empty.
 */
export async function filterSecretOf({ secrets, filterSecretArn }: Target): Promise<string | null> {
  if (filterSecretArn === null) return null;
  const answer = await secrets.send(new GetSecretValueCommand({ SecretId: filterSecretArn }));
  if (answer.SecretString === undefined)
    throw new CommandError(`the secret ${filterSecretArn}, the key of masked columns, is empty`);
  return answer.SecretString;
}
