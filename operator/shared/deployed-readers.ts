import { z } from "zod";

/** Who may read a queue by its own policy, as ARNs. Roles of the stack itself are left out. */
export interface QueueReaders {
  /** The only principals that may receive from it; empty where IAM decides. */
  readonly consumers: readonly string[];
  /** Those that may move its messages back to the queue that they come from. */
  readonly operators: readonly string[];
}

const texts = z.preprocess(
  (value) => [value].flat().filter((one) => typeof one === "string"),
  z.array(z.string()),
);
const statement = z.object({
  Sid: z.string().optional(),
  Effect: z.string(),
  Action: texts,
  Principal: z.object({ AWS: texts }),
  Condition: z
    .object({ ArnNotEquals: z.object({ "aws:PrincipalArn": texts }).optional() })
    .optional(),
});
const policy = z.object({
  Queues: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.object({ Statement: z.array(z.unknown()) }),
});

/**
 * Who may read the queues of a template, from the properties of its queue policies. The returned
 * function takes a queue's logical id.
 */
export function deployedReaders(
  policies: readonly Readonly<Record<string, unknown>>[],
): (queueId: string) => QueueReaders {
  const parsed = policies.flatMap((one) => policy.safeParse(one).data ?? []);
  return (queueId) => {
    const statements = parsed
      .filter(({ Queues }) => Queues.some(({ Ref }) => Ref === queueId))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .flatMap((one) => statement.safeParse(one).data ?? []);
    const closing = statements.find(({ Sid }) => Sid === "OnlyListedConsumers");
    const moving = statements.find(
      ({ Effect, Action }) => Effect === "Allow" && Action.includes("sqs:StartMessageMoveTask"),
    );
    return {
      consumers: closing?.Condition?.ArnNotEquals?.["aws:PrincipalArn"] ?? [],
      operators: moving?.Principal.AWS ?? [],
    };
  };
}
