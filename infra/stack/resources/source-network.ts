import {
  Peer,
  Port,
  SecurityGroup,
  type IConnectable,
  type IVpc,
  type SubnetSelection,
} from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";

/** The network of the parts that connect to MySQL, and the database's security group. */
export interface SourceNetwork {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  /** Null when the owner of the database's network admits the parts. */
  readonly database: IConnectable | null;
}

export interface SourceClientProps {
  readonly name: "reader" | "canary";
  readonly network: SourceNetwork;
  readonly databasePort: number;
}

/**
 * A security group of a part that connects to MySQL and the AWS APIs; it accepts no connections.
 */
export function sourceClient(
  scope: Construct,
  id: string,
  { name, network, databasePort }: SourceClientProps,
): SecurityGroup {
  const group = new SecurityGroup(scope, id, {
    vpc: network.vpc,
    description: `The ${name} of binlog-router: MySQL and the AWS APIs, nothing inbound`,
    allowAllOutbound: false,
  });
  const mysql = Port.tcp(databasePort);
  if (network.database === null) {
    group.connections.allowTo(Peer.anyIpv4(), mysql, "MySQL");
  } else {
    network.database.connections.allowFrom(group, mysql, `binlog-router's ${name}`);
  }
  group.connections.allowTo(Peer.anyIpv4(), Port.HTTPS, "AWS APIs");
  return group;
}
