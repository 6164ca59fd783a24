import * as z from "zod";
import { OperatorError } from "../reporting/errors.ts";
import type { Credentials } from "./connection-options.ts";

const secret = z.object({ username: z.string().min(1), password: z.string() });

/**
 * The secret does not have the form of Secrets Manager's database secrets. The message does not
 * contain its text.
 */
class SecretFormatError extends OperatorError {
  override readonly name = "SecretFormatError";

  constructor() {
    super(
      "The source's secret is unusable.",
      'Give it the form { "username": "…", "password": "…" }.',
    );
  }
}

/**
 * Credentials from a secret, which each call fetches again. The call rejects with SecretFormatError
 * when the secret has another form.
 */
export function secretCredentials(fetchSecret: () => Promise<string>): Credentials {
  return async () => {
    const result = secret.safeParse(parseJson(await fetchSecret()));
    if (!result.success) throw new SecretFormatError();
    return result.data;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
