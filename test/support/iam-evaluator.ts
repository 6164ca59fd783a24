import type { Template } from "aws-cdk-lib/assertions";

/** A statement of a resource's policy with every reference replaced by a text. */
interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal: { readonly AWS?: string | readonly string[] } | string;
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

/**
 * Decides what the resource policies of a template deny to principals whose own policies allow
 * everything, which is the worst case. It supports the parts of IAM's language that the stack uses,
 * and throws on any other.
 */
export class IamEvaluator {
  readonly #template: Template;

  constructor(template: Template) {
    this.#template = template;
  }

  /**
   * The text for a part of the template; a reference becomes `<logical id>` or `<logical
   * id.attribute>`.
   */
  static textOf(value: unknown): string {
    if (typeof value !== "object" || value === null) return String(value);
    const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = value as Record<string, unknown>;
    if (typeof Ref === "string") return `<${Ref}>`;
    if (Array.isArray(attribute)) return `<${attribute.join(".")}>`;
    if (Array.isArray(join)) {
      const [separator, parts] = join as [string, unknown[]];
      return parts.map((part) => IamEvaluator.textOf(part)).join(separator);
    }
    throw new TypeError(`a function that this evaluator does not know: ${JSON.stringify(value)}`);
  }

  /**
   * Whether the policy of a resource (its logical id) denies a principal an action on `resource`,
   * an ARN's text.
   */
  denies(logicalId: string, principalArn: string, action: string, resource: string): boolean {
    return this.#statements(logicalId).some(
      (statement) =>
        statement.Effect === "Deny" &&
        matches(statement.Principal, principalArn) &&
        some(statement.Action, action) &&
        some(statement.Resource, resource) &&
        holds(statement, principalArn),
    );
  }

  #statements(logicalId: string): Statement[] {
    const documents = [
      ...this.#policies("AWS::SQS::QueuePolicy", "Queues", logicalId),
      ...this.#policies("AWS::S3::BucketPolicy", "Bucket", logicalId),
    ];
    const table = this.#template.findResources("AWS::DynamoDB::Table")[logicalId];
    const own: unknown = table?.["Properties"].ResourcePolicy?.PolicyDocument;
    return [...documents, ...(own === undefined ? [] : [own])].flatMap((document) =>
      (document as { Statement: unknown[] }).Statement.map((one) => resolved(one) as Statement),
    );
  }

  #policies(type: string, key: "Queues" | "Bucket", logicalId: string): unknown[] {
    return Object.values(this.#template.findResources(type)).flatMap(({ Properties }) =>
      [Properties[key]].flat().some((one) => IamEvaluator.textOf(one) === `<${logicalId}>`)
        ? [Properties.PolicyDocument as unknown]
        : [],
    );
  }
}

/** The same value with every reference replaced by its text. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== "object" || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && (keys[0] === "Ref" || keys[0]?.startsWith("Fn::") === true)) {
    return IamEvaluator.textOf(value);
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}

function matches(principal: Statement["Principal"], arn: string): boolean {
  if (typeof principal === "string") return principal === "*";
  return [principal.AWS ?? []].flat().some((one) => one === "*" || one === arn);
}

function some(patterns: string | readonly string[], text: string): boolean {
  return [patterns].flat().some((pattern) => {
    const expression = pattern
      .split("*")
      .map((part) => part.replace(/[.?+^$(){}|[\]\\]/g, String.raw`\$&`))
      .join(".*");
    return new RegExp(`^${expression}$`).test(text);
  });
}

/** Whether a statement's conditions hold for a principal that uses TLS 1.2. */
function holds({ Condition = {} }: Statement, principalArn: string): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const all = [values].flat();
      switch (`${operator} ${key}`) {
        case "ArnNotEquals aws:PrincipalArn":
          return !all.includes(principalArn);
        case "Bool aws:SecureTransport":
          return all.includes("true");
        case "NumericLessThan s3:TlsVersion":
          return all.some((version) => 1.2 < Number(version));
        default:
          throw new TypeError(`a condition that this evaluator does not know: ${operator} ${key}`);
      }
    }),
  );
}
