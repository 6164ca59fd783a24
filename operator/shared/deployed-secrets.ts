import * as z from "zod";

/**
 * The secrets of MySQL accounts that a deployed stack made: the texts of their templates. Null when
 * there is no such secret, or when the stack's template has a reference in its text.
 */
export interface DeployedSecrets {
  readonly reader: string | null;
  readonly canary: string | null;
}

const made = z.object({
  Description: z.string(),
  GenerateSecretString: z.object({ SecretStringTemplate: z.string() }),
});

/** From the properties of the template's secrets. */
export function deployedSecrets(secrets: readonly unknown[]): DeployedSecrets {
  const all = secrets.flatMap((one) => made.safeParse(one).data ?? []);
  const of = (part: string): string | null =>
    all.find(({ Description }) => Description.endsWith(part))?.GenerateSecretString
      .SecretStringTemplate ?? null;
  return { reader: of("reader"), canary: of("canary") };
}
