import {
  Peer,
  Port,
  SecurityGroup,
  type IConnectable,
  type IVpc,
  type SubnetSelection,
} from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";

/** Where those run that connect to MySQL, and whose security group lets them in. */
export interface SourceNetwork {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  /** Null where others let them in. */
  readonly database: IConnectable | null;
}

export interface SourceClientProps {
  readonly name: "reader" | "canary";
  readonly network: SourceNetwork;
  readonly databasePort: number;
}

/** The security group of a part that reaches MySQL and the AWS APIs, and that nobody reaches. */
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
