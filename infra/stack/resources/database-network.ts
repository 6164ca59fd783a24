import { Annotations } from "aws-cdk-lib";
import {
  SecurityGroup,
  Subnet,
  Vpc,
  type ISecurityGroup,
  type IVpc,
  type SubnetSelection,
} from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";
import type { DeployableConfiguration } from "../../../config/configuration.ts";
import type { SourceNetwork } from "./source-network.ts";

/**
 * The network that the database is in, by its ids: nothing is looked up, so the template can be
 * made offline.
 */
export class DatabaseNetwork extends Construct implements SourceNetwork {
  readonly vpc: IVpc;
  readonly vpcSubnets: SubnetSelection;
  readonly database: ISecurityGroup | null;

  constructor(scope: Construct, id: string, network: DeployableConfiguration["network"]) {
    super(scope, id);
    this.vpcSubnets = {
      subnets: network.subnetIds.map((subnetId) => Subnet.fromSubnetId(this, subnetId, subnetId)),
    };
    this.vpc = Vpc.fromVpcAttributes(this, "Vpc", {
      vpcId: network.vpcId,
      // Only a construct that places things by zone would ask for them; the service names its
      // subnets.
      availabilityZones: ["unused"],
    });
    const { databaseSecurityGroupId: group } = network;
    this.database =
      group === undefined
        ? null
        : SecurityGroup.fromSecurityGroupId(this, "DatabaseSecurityGroup", group);
    // Nothing here adds a route, which is all that a subnet's route table is asked for.
    Annotations.of(this).acknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId");
  }
}
