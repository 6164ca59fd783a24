import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Configuration, DeployableConfiguration } from "../../../config/configuration.ts";
import { loadConfig, readConfigFile } from "../../../config/load.ts";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";
import { UsageError } from "./refusal.ts";

/** The configuration in `file`; without one, that of the checkout's cdk.json. Throws ConfigError, UsageError. */
export async function readConfiguration(file: string | undefined): Promise<Configuration> {
  if (file !== undefined) return readConfigFile(file);
  const cdk = JSON.parse(await readFile(join(REPOSITORY_ROOT, "cdk.json"), "utf8")) as {
    context: { "binlog-router": unknown };
  };
  const object = cdk.context["binlog-router"];
  if (Array.isArray(object)) {
    throw new UsageError("cdk.json configures several sources; choose one with --config FILE");
  }
  return loadConfig(object);
}

/** Stands in the template where a network is needed to deploy; nothing on one machine looks at it. */
const NO_NETWORK = {
  vpcId: "vpc-00000000000000000",
  subnetIds: ["subnet-00000000000000000"],
  databaseSecurityGroupId: "sg-00000000000000000",
};

/** The configuration with the MySQL server of this run in place of the deployed one; its account is the stack's own secret. */
export function onThisMachine(
  config: Configuration,
  server: { readonly host: string; readonly port: number; readonly tls: "off" | "encrypt" },
): DeployableConfiguration {
  const { secretArn: _, ...source } = config.source;
  const { host, port, tls } = server;
  return {
    ...config,
    source: { ...source, host, port, tls },
    network: config.network ?? NO_NETWORK,
  };
}
