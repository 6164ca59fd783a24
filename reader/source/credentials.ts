import { z } from "zod";
import { OperatorError } from "../reporting/errors.ts";
import type { Credentials } from "./connection-options.ts";

const secret = z.object({ username: z.string().min(1), password: z.string() });

/** The secret is not what Secrets Manager makes for a database. Its content is never repeated. */
class SecretFormatError extends OperatorError {
  override readonly name = "SecretFormatError";

  constructor() {
    super(
      "The source's secret is unusable.",
      'Give it the form { "username": "…", "password": "…" }.',
    );
  }
}

/** Credentials from a secret's text, fetched anew at each call. Throws SecretFormatError. */
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
