import * as z from "zod";
import { isDistinct } from "./schema-values.ts";

/** ECS and Lambda allow so many subnets. */
const MOST_SUBNETS = 16;

/** The network in which the reader runs; needed for a deployment, not for a run on one machine. */
export const network = z.strictObject({
  vpcId: z.string().regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a VPC, "vpc-…"'),
  /**
   * Private subnets that can reach the AWS APIs (through NAT or VPC endpoints), in at least two
   * availability zones.
   */
  subnetIds: z
    .array(
      z
        .string()
        .regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a subnet, "subnet-…"'),
    )
    .min(1, "must list at least one subnet")
    .max(MOST_SUBNETS, `must list at most ${MOST_SUBNETS} subnets`)
    .refine(isDistinct, "must list each subnet once"),
  /**
   * The database's security group, to which the stack adds a rule that admits the reader on MySQL's
   * port. Left out (MySQL is elsewhere, or others manage the group): the owner of MySQL's network
   * must admit the reader's group, which is an output of the stack.
   */
  databaseSecurityGroupId: z
    .string()
    .regex(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'must be the id of a security group, "sg-…"')
    .optional(),
});

/**
 * The account and region for this repository's CDK app, and what the organisation requires of its
 * stack.
 */
export const deployment = z.strictObject({
  /**
   * A deployment with another account's credentials is refused. Left out: the account of the
   * credentials.
   */
  account: z
    .string()
    .regex(/^\d{12}$/, "must be the twelve digits of an AWS account")
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be an AWS region, "eu-central-1"')
    .optional(),
  /** Tags of the stack and of all its resources that can have tags. */
  tags: z
    .record(
      z
        .string()
        .regex(
          /^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u,
          "must be the key of a tag: up to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws:",
        ),
      z.string().regex(
        // CloudFormation takes no empty value for a stack, although other services do.
        /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u,
        "must be the value of a tag: 1 to 256 letters, digits, spaces and _.:/=+-@",
      ),
    )
    // AWS allows 50, and queues have one more.
    .refine((tags) => Object.keys(tags).length <= 49, "must have at most 49 tags")
    .refine(
      (tags) => isDistinct(Object.keys(tags).map((key) => key.toLowerCase())),
      "must not have keys that differ in case only: IAM takes them for the same",
    )
    .default({}),
  /** The managed policy that becomes the permissions boundary of every role in the stack. */
  permissionsBoundaryArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/,
      'must be the ARN of an IAM policy, "arn:aws:iam::<account>:policy/<name>"',
    )
    .optional(),
});

const tableName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, "must be the name of a DynamoDB table");

export const restoredTables = z
  .strictObject({ offsets: tableName, sessions: tableName, failures: tableName })
  .refine((tables) => isDistinct(Object.values(tables)), "must name three different tables");
