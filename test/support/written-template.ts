import type { Template } from "aws-cdk-lib/assertions";

/** A part of a template as AWS receives it, with names of the maximum length. */
export function written(value: unknown, template: Template): unknown {
  if (Array.isArray(value)) return value.map((item) => written(item, template));
  if (typeof value !== "object" || value === null) return value;
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = value as Record<string, unknown>;
  if (typeof Ref === "string") return PSEUDO[Ref] ?? "x".repeat(64);
  if (Array.isArray(attribute)) return arnOf(String(attribute[0]), template);
  if (Array.isArray(join)) {
    const [separator, parts] = join as [string, unknown[]];
    return parts.map((part) => String(written(part, template))).join(separator);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, written(inner, template)]),
  );
}

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws-us-gov",
  "AWS::Region": "ap-southeast-1",
  "AWS::AccountId": "111122223333",
};

function arnOf(id: string, template: Template): string {
  const { Type = "", Properties = {} } =
    (
      template.toJSON() as {
        Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
      }
    ).Resources[id] ?? {};
  if (Type === "AWS::SQS::Queue") {
    return `arn:aws-us-gov:sqs:ap-southeast-1:111122223333:${String(Properties["QueueName"])}`;
  }
  if (Type === "AWS::S3::Bucket") return `arn:aws-us-gov:s3:::${"b".repeat(63)}`;
  return `arn:aws-us-gov:iam::111122223333:role/${"r".repeat(64)}`;
}
