import * as z from "zod";

/** The ARNs that a queue's policy allows to read it, without the roles of the stack itself. */
export interface QueueReaders {
  /** The only principals that may receive messages; empty when IAM alone decides. */
  readonly consumers: readonly string[];
  /** The principals that may move messages back to the queue they came from. */
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
 * Reads from the properties of a template's queue policies who may read its queues. The returned
 * function expects a queue's logical id.
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
    // A role of the app that was granted access may stand in the Deny too, as an exception.
    const receiving = statements
      .filter(({ Effect, Action }) => Effect === "Allow" && Action.includes("sqs:ReceiveMessage"))
      .flatMap(({ Principal }) => Principal.AWS);
    const admitted = closing?.Condition?.ArnNotEquals?.["aws:PrincipalArn"] ?? [];
    const moving = statements.find(
      ({ Effect, Action }) => Effect === "Allow" && Action.includes("sqs:StartMessageMoveTask"),
    );
    return {
      consumers: admitted.filter((arn) => receiving.includes(arn)),
      operators: moving?.Principal.AWS ?? [],
    };
  };
}
