import { CfnResource, Validations } from "aws-cdk-lib";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, it } from "vitest";
import { synthesizeStack } from "../../../infra/local/template/synthesize.ts";
import { UNBUNDLED } from "../../../infra/bundles/bundle.ts";
import { routerStack, type RouterStack } from "../../../infra/stack/router-stack.ts";
import {
  EVERYTHING,
  exampleConfiguration,
  exampleObject,
  exampleTemplate,
} from "../../support/example-stack.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Record<string, unknown>;
}

const PRODUCTION_ROLE = "arn:aws:iam::111122223333:role/billing-production";
const STAGING_ROLE = "arn:aws:iam::111122223333:role/billing-staging";
const SECRET_KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
const OPERATOR_ROLE = "arn:aws:iam::111122223333:role/operators";

let template: Template;
let withConsumers: Template;
beforeAll(() => {
  template = exampleTemplate();
  withConsumers = exampleTemplate({
    environments: {
      production: { users: ["app_production"], consumers: [PRODUCTION_ROLE] },
      staging: { users: ["app_staging"], consumers: [STAGING_ROLE] },
    },
    operators: [OPERATOR_ROLE],
  });
});

/** The statements of the policies of the queue with this name. */
function queueStatements(of: Template, queueName: string): Statement[] {
  const [id] = Object.keys(
    of.findResources("AWS::SQS::Queue", { Properties: { QueueName: queueName } }),
  );
  return Object.values(
    of.findResources("AWS::SQS::QueuePolicy", { Properties: { Queues: [{ Ref: id }] } }),
  ).flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

/** The statements of all IAM policies. */
function iamStatements(of: Template): Statement[] {
  return ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"]
    .flatMap((type) => Object.values(of.findResources(type)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

function actionsOf({ Action }: Statement): string[] {
  return [Action].flat();
}

/**
 * Checks the stack against CloudFormation's rules and the AWS Solutions rules. Throws their
 * findings.
 */
function check(replaced: object, change: (stack: RouterStack) => void = () => {}): void {
  synthesizeStack(
    (app) => {
      const stack = routerStack(app, exampleConfiguration({ ...replaced }), UNBUNDLED);
      change(stack);
      Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
      return stack;
    },
    { builtinCloudFormationValidation: true },
  );
}

/** Makes a change that CloudFormation refuses although the template's types allow it. */
function breakVisibilityTimeout({ router: { raw } }: RouterStack): void {
  const queue = raw.queue.node.defaultChild;
  if (!CfnResource.isCfnResource(queue)) throw new TypeError("a queue without a resource");
  queue.addPropertyOverride("VisibilityTimeout", "soon");
}

describe("the checks of CloudFormation and AWS Solutions", () => {
  const withSecret = { ...(exampleObject()["source"] as object), secretArn: undefined };
  const withKey = {
    ...(exampleObject()["source"] as object),
    secretKeyArn: SECRET_KEY,
  };
  const withoutGroup = {
    ...(exampleObject()["network"] as object),
    databaseSecurityGroupId: undefined,
  };
  it.each([
    ["the example", {}],
    ["listed consumers", { operators: [OPERATOR_ROLE], environments: consumersOf(STAGING_ROLE) }],
    ["a secret of the stack's own", { source: withSecret }],
    ["a secret under a key of the account's", { source: withKey }],
    ["MySQL in a group that others own", { network: withoutGroup }],
    ["alarms by e-mail", { alarms: { emails: ["ops@example.com"] } }],
    [
      "another tool's format",
      { subscribers: { search: { tables: ["shop.*"], format: "maxwell" } } },
    ],
    ["eight lanes", { lanes: 8 }],
    ["masked columns", MASKED],
    [
      "an account and a region",
      { deployment: { account: "111122223333", region: "eu-central-1" } },
    ],
    ["everything under one key", { encryptionKeyArn: SECRET_KEY }],
    ["a canary under a key", { canary: {}, encryptionKeyArn: SECRET_KEY }],
    ["all of that", EVERYTHING],
  ])("find nothing in the stack with %s that is not acknowledged", (_, replaced) => {
    check(replaced);
  });

  it("find what is not acknowledged", () => {
    expect(() => check({}, ({ router }) => router.raw.queue.node.tryRemoveChild("Policy"))).toThrow(
      /AwsSolutions-SQS4/,
    );
  });

  it("find what CloudFormation would refuse", () => {
    expect(() => check({}, breakVisibilityTimeout)).toThrow(/VisibilityTimeout/);
  });
});

const MASKED = {
  subscribers: { search: { tables: ["shop.*"], columns: { mask: { "shop.*.email": "hash" } } } },
};

/** CloudFormation generates another password whenever one of these properties changes. */
function generation(username: string): object {
  return {
    ExcludePunctuation: true,
    GenerateStringKey: "password",
    PasswordLength: 32,
    SecretStringTemplate: `{"engine":"mysql","host":"db.example.com","port":3306,"username":"${username}"}`,
  };
}

describe("the secret of the filters", () => {
  it("is made where columns are filtered, and only the two functions can read it", () => {
    const masked = exampleTemplate(MASKED);
    const secrets = Object.keys(
      masked.findResources("AWS::SecretsManager::Secret", {
        Properties: { GenerateSecretString: { PasswordLength: 64 } },
      }),
    );
    expect(secrets).toHaveLength(1);
    const readers = iamStatements(masked).filter(
      ({ Resource }) => JSON.stringify(Resource) === JSON.stringify({ Ref: secrets[0] }),
    );
    expect(readers.map(actionsOf)).toEqual([
      ["secretsmanager:GetSecretValue"],
      ["secretsmanager:GetSecretValue"],
    ]);
    const functions = Object.values(
      masked.findResources("AWS::Lambda::Function", {
        Properties: { Environment: { Variables: { FILTER_SECRET_ARN: { Ref: secrets[0] } } } },
      }),
    );
    expect(functions).toHaveLength(2);
  });

  it("is not made where every subscriber gets whole rows", () => {
    const rowsOnly = exampleTemplate({
      subscribers: { search: { tables: ["shop.*"], where: "id > 1" } },
    });
    for (const each of [template, rowsOnly]) {
      expect(JSON.stringify(each.toJSON())).not.toContain("FILTER_SECRET_ARN");
    }
  });
});

function consumersOf(role: string): object {
  return { staging: { users: ["app_staging"], consumers: [role] } };
}

describe("connections", () => {
  it("to every queue, bucket and topic are refused without TLS", () => {
    const queues = Object.values(template.findResources("AWS::SQS::Queue"));
    expect(queues.length).toBeGreaterThan(0);
    for (const { Properties } of queues) {
      expect(queueStatements(template, String(Properties.QueueName))).toContainEqual(
        expect.objectContaining({
          Effect: "Deny",
          Action: "sqs:*",
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      );
    }
    for (const type of ["AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"]) {
      template.allResourcesProperties(type, {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Effect: "Deny",
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            }),
          ]),
        },
      });
    }
    template.resourcePropertiesCountIs("AWS::S3::Bucket", {}, 2);
    template.resourceCountIs("AWS::S3::BucketPolicy", 2);
    for (const type of ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"]) {
      for (const each of Object.values(template.findResources(type))) {
        expect(each).toHaveProperty("DeletionPolicy", expect.stringMatching(/^Retain/));
        expect(each).toHaveProperty("UpdateReplacePolicy", "Retain");
      }
    }
  });
});

describe("what is stored", () => {
  it("is encrypted and never public", () => {
    template.allResourcesProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
    template.allResourcesProperties("AWS::S3::Bucket", {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });
});

describe("the parts", () => {
  it("may do named things to named resources", () => {
    for (const statement of iamStatements(template)) {
      expect(actionsOf(statement).filter((action) => action.includes("*"))).toEqual([]);
      if (statement.Resource === "*") {
        expect(["ecr:GetAuthorizationToken", "sqs:ListQueues"]).toEqual(
          expect.arrayContaining(actionsOf(statement)),
        );
      }
    }
  });

  it("that read payloads (reader, route and retry) may learn that one does not exist", () => {
    const told = Object.entries(template.findResources("AWS::IAM::Policy")).filter(
      ([, { Properties }]) =>
        (Properties.PolicyDocument.Statement as Statement[]).some(
          (statement) =>
            actionsOf(statement).includes("s3:ListBucket") && statement.Condition === undefined,
        ),
    );
    expect(told.map(([id]) => id).sort()).toEqual([
      expect.stringMatching(/^ReaderTaskTaskRole/),
      expect.stringMatching(/^RetryFunction/),
      expect.stringMatching(/^RouteFunction/),
    ]);
  });

  it("have no managed policies of AWS", () => {
    template.allResourcesProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
  });

  it("can read the MySQL password in the reader only", () => {
    const readers = Object.entries(template.findResources("AWS::IAM::Policy")).filter(
      ([, { Properties }]) => JSON.stringify(Properties).includes("secretsmanager:"),
    );
    expect(readers.map(([id]) => id)).toEqual([expect.stringMatching(/^ReaderTaskTaskRole/)]);
  });

  it("run the functions outside of any VPC", () => {
    template.allResourcesProperties("AWS::Lambda::Function", { VpcConfig: Match.absent() });
  });

  it("run the reader in a container without privileges and public address, on a read-only disk", () => {
    template.hasResourceProperties("AWS::ECS::TaskDefinition", {
      ContainerDefinitions: [
        Match.objectLike({
          User: "node",
          ReadonlyRootFilesystem: true,
          Privileged: Match.absent(),
        }),
      ],
    });
    template.hasResourceProperties("AWS::ECS::Service", {
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: "DISABLED" } },
    });
  });

  it("can connect to MySQL and the AWS APIs, and accept no connections", () => {
    template.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      GroupId: "sg-0123456789abcdef0",
      FromPort: 3306,
      ToPort: 3306,
    });
    template.hasResourceProperties("AWS::EC2::SecurityGroup", {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    });
  });
});

describe("MySQL in a security group that others own", () => {
  it("is reached on its port, and its owner finds the reader's group among the outputs", () => {
    const network = {
      ...(exampleObject()["network"] as object),
      databaseSecurityGroupId: undefined,
    };
    const foreign = exampleTemplate({ network });
    foreign.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
    foreign.hasResourceProperties("AWS::EC2::SecurityGroup", {
      SecurityGroupEgress: Match.arrayWith([Match.objectLike({ FromPort: 3306, ToPort: 3306 })]),
    });
    expect(foreign.findOutputs("ReaderSecurityGroupId")).not.toEqual({});
  });
});

describe("an application of staging", () => {
  const production = "shop-billing-production.fifo";

  it("cannot read production's queue, whatever its own role allows", () => {
    const denials = queueStatements(withConsumers, production).filter(
      ({ Effect, Action }) => Effect === "Deny" && [Action].flat().includes("sqs:ReceiveMessage"),
    );
    expect(denials).toEqual([
      expect.objectContaining({
        Principal: { AWS: "*" },
        Condition: { ArnNotEquals: { "aws:PrincipalArn": [PRODUCTION_ROLE] } },
      }),
    ]);
    expect(JSON.stringify(queueStatements(withConsumers, production))).not.toContain(STAGING_ROLE);
  });

  it("cannot read production's dead letters either, which operators may bring back", () => {
    const dead = queueStatements(withConsumers, "shop-billing-production-dead.fifo");
    expect(dead).toContainEqual(
      expect.objectContaining({
        Effect: "Deny",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": [PRODUCTION_ROLE, OPERATOR_ROLE] } },
      }),
    );
    expect(dead).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Action: expect.arrayContaining(["sqs:StartMessageMoveTask"]),
        Principal: { AWS: OPERATOR_ROLE },
      }),
    );
  });

  it("may read its own queue", () => {
    expect(queueStatements(withConsumers, "shop-billing-staging.fifo")).toContainEqual(
      expect.objectContaining({
        Effect: "Allow",
        Action: expect.arrayContaining(["sqs:ReceiveMessage", "sqs:DeleteMessage"]),
        Principal: { AWS: STAGING_ROLE },
      }),
    );
  });

  it("may read the large payloads of staging, and of no other environment", () => {
    const objects = Object.values(withConsumers.findResources("AWS::S3::BucketPolicy"))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
      .filter(({ Action }) => Action === "s3:GetObject");
    const staging = objects.filter((statement) => JSON.stringify(statement).includes(STAGING_ROLE));
    expect(staging).toHaveLength(1);
    expect(JSON.stringify(staging)).toContain("/messages/staging/*");
  });

  it("gets a policy for its role with staging's queues only", () => {
    const policies = template.findResources("AWS::IAM::ManagedPolicy", {
      Properties: { Description: "Reads the queues of the environment staging" },
    });
    const text = JSON.stringify(policies);
    expect(Object.keys(policies)).toHaveLength(1);
    expect(text).toContain("billingstaging");
    expect(text).not.toContain("production");
  });
});

describe("the MySQL account's secret", () => {
  it("under a key of the account's can be decrypted by the reader, and by those who trace", () => {
    const source = { ...(exampleObject()["source"] as object), secretKeyArn: SECRET_KEY };
    const decrypts = iamStatements(exampleTemplate({ source })).filter((statement) =>
      actionsOf(statement).includes("kms:Decrypt"),
    );
    const one = expect.objectContaining({ Resource: SECRET_KEY }) as unknown;
    expect(decrypts).toEqual([one, one]);
  });

  it("is an existing one", () => {
    template.resourceCountIs("AWS::SecretsManager::Secret", 0);
  });

  it("keeps its generated password as long as server and account stay the same", () => {
    const source = { host: "db.example.com", tables: ["shop.*"] };
    const generated = Object.values(
      exampleTemplate({ source, canary: {} }).findResources("AWS::SecretsManager::Secret"),
    ).map(({ Properties }) => Properties.GenerateSecretString as unknown);
    expect(generated).toEqual([generation("binlog_router"), generation("binlog_canary")]);
  });

  it("is made by the stack when the configuration names none, and survives it", () => {
    const source = { ...(exampleObject()["source"] as object), secretArn: undefined };
    exampleTemplate({ source }).hasResource("AWS::SecretsManager::Secret", {
      DeletionPolicy: "Retain",
      Properties: { GenerateSecretString: Match.objectLike({ GenerateStringKey: "password" }) },
    });
  });
});
