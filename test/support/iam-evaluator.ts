import type { Template } from "aws-cdk-lib/assertions";
import { isObject } from "../../infra/local/template/template.ts";
import { decide, type Decision } from "./iam/decide.ts";
import type { Caller, Statement } from "./iam/policy.ts";

const ACCOUNT = "111122223333";
const REGION = "eu-central-1";
const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::StackId": `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/binlog-router-shop/1`,
};

/** The ARN of each type's resources, from a name. */
const ARNS: Readonly<Record<string, (name: string) => string>> = {
  "AWS::SQS::Queue": (name) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
  "AWS::DynamoDB::Table": (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  "AWS::S3::Bucket": (name) => `arn:aws:s3:::${name.toLowerCase()}`,
  "AWS::IAM::Role": (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  "AWS::KMS::Key": (name) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${name}`,
  "AWS::Logs::LogGroup": (name) => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}:*`,
  "AWS::SNS::Topic": (name) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`,
  "AWS::SecretsManager::Secret": (name) =>
    `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`,
};

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const EVERYTHING: readonly Statement[] = [{ Effect: "Allow", Action: "*", Resource: "*" }];

/**
 * Decides requests by the policies of a template, as if it were deployed. References become ARNs
 * that are made of the logical ids and names.
 */
export class IamEvaluator {
  readonly #resources: Readonly<Record<string, Resource>>;
  /** The statements of resources' policies, by logical id. */
  readonly #ofResources = new Map<string, Statement[]>();

  constructor(template: Template) {
    this.#resources = template.toJSON()["Resources"] as Record<string, Resource>;
  }

  /**
   * The text for a part of a template; a reference becomes `<logical id>` or `<logical
   * id.attribute>`.
   */
  static textOf(value: unknown): string {
    return textOf(value, ({ Ref, "Fn::GetAtt": attribute }) =>
      Array.isArray(attribute) ? `<${attribute.join(".")}>` : `<${String(Ref)}>`,
    );
  }

  /** The ARN of a resource of the template, by its logical id. */
  arnOf(logicalId: string): string {
    const { Type, Properties = {} } = this.#resources[logicalId] ?? { Type: "missing" };
    const arn = ARNS[Type];
    if (arn === undefined) throw new TypeError(`${logicalId}, ${Type}, has no ARN here`);
    const { QueueName: name } = Properties;
    return arn(typeof name === "string" ? name : logicalId);
  }

  /** The statements of the policies that a role of the template has, by its logical id. */
  ofRole(logicalId: string): Statement[] {
    return this.#documents(["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"], ({ Roles }) =>
      refersTo(Roles, logicalId),
    );
  }

  /** The statements of the managed policy with this description. */
  ofManagedPolicy(description: string): Statement[] {
    return this.#documents(
      ["AWS::IAM::ManagedPolicy"],
      ({ Description }) => Description === description,
    );
  }

  /**
   * The decision on a request for `resource`, an ARN that the policy of the resource with this
   * logical id protects. `identity`: the caller's own policies; absent: they allow everything,
   * which is the worst case. The connection uses TLS 1.2.
   */
  decide(
    logicalId: string,
    caller: Caller,
    action: string,
    resource: string,
    identity: readonly Statement[] = EVERYTHING,
  ): Decision {
    return decide(
      { identity, resource: this.#ofResource(logicalId) },
      {
        caller,
        action,
        resource,
        context: {
          "aws:SecureTransport": "true",
          "s3:TlsVersion": "1.2",
          "aws:SourceAccount": ACCOUNT,
        },
      },
    );
  }

  /** Whether the policy of a resource denies a principal whose own policies allow everything. */
  denies(logicalId: string, principalArn: string, action: string, resource: string): boolean {
    return this.decide(logicalId, { arn: principalArn }, action, resource) === "denied";
  }

  #ofResource(logicalId: string): Statement[] {
    const known = this.#ofResources.get(logicalId) ?? this.#policiesOf(logicalId);
    this.#ofResources.set(logicalId, known);
    return known;
  }

  #policiesOf(logicalId: string): Statement[] {
    const own = this.#resources[logicalId]?.Properties?.["ResourcePolicy"];
    return [
      ...this.#documents(["AWS::SQS::QueuePolicy"], ({ Queues }) => refersTo(Queues, logicalId)),
      ...this.#documents(["AWS::S3::BucketPolicy"], ({ Bucket }) => refersTo(Bucket, logicalId)),
      ...this.#documents(["AWS::SNS::TopicPolicy"], ({ Topics }) => refersTo(Topics, logicalId)),
      ...(isObject(own) ? this.#statements(own["PolicyDocument"]) : []),
    ];
  }

  #documents(
    types: readonly string[],
    chooses: (properties: Readonly<Record<string, unknown>>) => boolean,
  ): Statement[] {
    return Object.values(this.#resources)
      .filter(({ Type, Properties = {} }) => types.includes(Type) && chooses(Properties))
      .flatMap(({ Properties = {} }) => this.#statements(Properties["PolicyDocument"]));
  }

  #statements(document: unknown): Statement[] {
    return (document as { readonly Statement: unknown[] }).Statement.map(
      (one) => this.#resolved(one) as Statement,
    );
  }

  /** The same value with every reference replaced by a text. */
  #resolved(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolved(item));
    if (!isObject(value)) return value;
    const keys = Object.keys(value);
    if (keys.length === 1 && (keys[0] === "Ref" || keys[0]?.startsWith("Fn::") === true)) {
      return textOf(value, (reference) => this.#referred(reference));
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, this.#resolved(inner)]),
    );
  }

  /** Ref is the ARN of a topic or secret, and the name of other resources. */
  #referred({ Ref, "Fn::GetAtt": attribute }: Readonly<Record<string, unknown>>): string {
    if (Array.isArray(attribute)) return this.arnOf(String(attribute[0]));
    const id = String(Ref);
    const { Type } = this.#resources[id] ?? {};
    const hasArn = Type === "AWS::SNS::Topic" || Type === "AWS::SecretsManager::Secret";
    return PSEUDO[id] ?? (hasArn ? this.arnOf(id) : id);
  }
}

function textOf(
  value: unknown,
  referred: (reference: Readonly<Record<string, unknown>>) => string,
): string {
  if (!isObject(value)) return String(value);
  const { "Fn::Join": join, "Fn::Sub": template } = value;
  if ("Ref" in value || "Fn::GetAtt" in value) return referred(value);
  if (Array.isArray(join)) {
    const [separator, parts] = join as [string, unknown[]];
    return parts.map((part) => textOf(part, referred)).join(separator);
  }
  if (typeof template === "string") {
    return template.replaceAll(/\$\{([^}]+)\}/g, (_, Ref) => referred({ Ref }));
  }
  throw new TypeError(`a function that this evaluator does not know: ${JSON.stringify(value)}`);
}

/** Whether a reference, or one of a list of references, is to this resource. */
function refersTo(references: unknown, logicalId: string): boolean {
  return [references]
    .flat()
    .some((one) => one !== undefined && IamEvaluator.textOf(one) === `<${logicalId}>`);
}
