import * as z from "zod";

/** The secrets of the MySQL accounts of a deployed stack. */
export interface DeployedSecrets {
  readonly reader: DeployedSecret;
  readonly canary: DeployedSecret;
}

interface DeployedSecret {
  /**
   * The text of its template, where the stack made it. Null when it did not, or when the stack's
   * template has a reference in the text.
   */
  readonly madeFrom: string | null;
  /** Where the configuration named it. Null when the stack made it, or when there is none. */
  readonly namedArn: string | null;
}

const made = z.object({
  Description: z.string(),
  GenerateSecretString: z.object({ SecretStringTemplate: z.string() }),
});
const canary = z.object({
  Environment: z.object({ Variables: z.object({ CANARY_SECRET_ARN: z.string() }) }),
});

/**
 * `readerArn`: the ARN in the reader's settings. The other two: the properties of the template's
 * secrets and functions.
 */
export function deployedSecrets(
  readerArn: string | null,
  secrets: readonly unknown[],
  functions: readonly unknown[],
): DeployedSecrets {
  const all = secrets.flatMap((one) => made.safeParse(one).data ?? []);
  const madeFrom = (part: string): string | null =>
    all.find(({ Description }) => Description.endsWith(part))?.GenerateSecretString
      .SecretStringTemplate ?? null;
  const [named] = functions.flatMap((one) => canary.safeParse(one).data ?? []);
  const canaryArn = named?.Environment.Variables.CANARY_SECRET_ARN ?? null;
  return {
    reader: { madeFrom: madeFrom("reader"), namedArn: readerArn },
    canary: { madeFrom: madeFrom("canary"), namedArn: canaryArn },
  };
}
