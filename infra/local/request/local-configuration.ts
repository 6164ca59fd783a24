import { join } from "node:path";
import type { Configuration, DeployableConfiguration } from "../../../config/configuration.ts";
import { readConfigFile } from "../../../config/load.ts";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";

/**
 * The configuration in `file`; without one, that of the checkout's cdk.json. Throws ConfigError.
 */
export async function readConfiguration(file: string | undefined): Promise<Configuration> {
  return readConfigFile(file ?? join(REPOSITORY_ROOT, "cdk.json"));
}

/**
 * Stands in the template where a network is needed to deploy; nothing on one machine looks at it.
 */
const NO_NETWORK = {
  vpcId: "vpc-00000000000000000",
  subnetIds: ["subnet-00000000000000000"],
  databaseSecurityGroupId: "sg-00000000000000000",
};

/**
 * The configuration with the MySQL server of this run in place of the deployed one; its account is
 * the stack's own secret.
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
