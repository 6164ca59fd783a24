import { join } from "node:path";
import type { Configuration, DeployableConfiguration } from "../../../config/configuration.ts";
import { readConfigFile } from "../../../config/load.ts";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";

/**
 * Reads the configuration in `file`, by default that in the checkout's cdk.json. Throws
 * ConfigError.
 */
export async function readConfiguration(file: string | undefined): Promise<Configuration> {
  return readConfigFile(file ?? join(REPOSITORY_ROOT, "cdk.json"));
}

/** Placeholders for the network that a deployment needs; a run on one machine does not use them. */
const NO_NETWORK = {
  vpcId: "vpc-00000000000000000",
  subnetIds: ["subnet-00000000000000000"],
  databaseSecurityGroupId: "sg-00000000000000000",
};

/**
 * The configuration with this run's MySQL server instead of the deployed one. The server's account
 * is in the secret that the stack creates.
 */
export function onThisMachine(
  config: Configuration,
  server: { readonly host: string; readonly port: number; readonly tls: "off" | "encrypt" },
): DeployableConfiguration {
  const { secretArn: _, ...source } = config.source;
  const { encryptionKeyArn: _key, restoredTables: _tables, ...rest } = config;
  const { host, port, tls } = server;
  return {
    ...rest,
    source: { ...source, host, port, tls },
    network: config.network ?? NO_NETWORK,
    deployment: { tags: {} },
  };
}
