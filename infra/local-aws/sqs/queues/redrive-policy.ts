/** The dead-letter queue of a queue, and when messages move there. */
export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  /** How often a message is delivered. The next receive moves it. */
  readonly maxReceiveCount: number;
}

/** Which queues may use this one as their dead-letter queue. */
export interface RedriveAllowPolicy {
  readonly redrivePermission: "allowAll" | "denyAll" | "byQueue";
  readonly sourceQueueArns: readonly string[];
}

/** Parses the attribute's JSON text; undefined when SQS refuses it. */
export function parseRedrivePolicy(text: string): RedrivePolicy | undefined {
  const value = parseJson(text);
  const target = value?.["deadLetterTargetArn"];
  const count = Number(value?.["maxReceiveCount"]);
  if (typeof target !== "string" || !/^arn:[^:]+:sqs:[^:]+:\d{12}:.+$/.test(target))
    return undefined;
  if (!Number.isInteger(count) || count < 1 || count > 1000) return undefined;
  return { deadLetterTargetArn: target, maxReceiveCount: count };
}

export function parseRedriveAllowPolicy(text: string): RedriveAllowPolicy | undefined {
  const value = parseJson(text);
  const permission = value?.["redrivePermission"];
  if (permission !== "allowAll" && permission !== "denyAll" && permission !== "byQueue")
    return undefined;
  const arns = value?.["sourceQueueArns"];
  return {
    redrivePermission: permission,
    sourceQueueArns: Array.isArray(arns) ? arns.map(String) : [],
  };
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
