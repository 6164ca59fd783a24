import type { Configuration, DeployableConfiguration } from "./configuration.ts";

/** Ids of the right form that stand for a network which one machine has not. */
const NO_NETWORK = {
  vpcId: "vpc-00000000",
  subnetIds: ["subnet-00000000"],
  databaseSecurityGroupId: "sg-00000000",
} as const;

/**
 * The same configuration for a run on one machine: MySQL is at the given address and spoken to without TLS, and the
 * account's secret is the stack's own, so that nothing of the cloud is needed or touched.
 */
export function onThisMachine(
  config: Configuration,
  mysql: { readonly host: string; readonly port: number },
): DeployableConfiguration {
  const { secretArn: _, ...source } = config.source;
  return {
    ...config,
    source: { ...source, host: mysql.host, port: mysql.port, tls: "off" },
    network: NO_NETWORK,
  };
}
