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

/** The database's network by its ids. CDK looks nothing up, so the template can be made offline. */
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
      // Required, but not used: only a construct that places things by zone reads it, and the
      // service names its subnets.
      availabilityZones: ["unused"],
    });
    const { databaseSecurityGroupId: group } = network;
    this.database =
      group === undefined
        ? null
        : SecurityGroup.fromSecurityGroupId(this, "DatabaseSecurityGroup", group);
    // The warning is about adding routes to the subnets, which nothing here does.
    Annotations.of(this).acknowledgeWarning("@aws-cdk/aws-ec2:noSubnetRouteTableId");
  }
}
