import type * as z from "zod";
import { FunctionSettingsError } from "./errors.ts";

/**
 * Parses a function's environment variables. Throws FunctionSettingsError, which names every
 * invalid variable.
 */
export function parseVariables<Variables>(
  schema: z.ZodType<Variables>,
  environment: Readonly<Record<string, string | undefined>>,
): Variables {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  throw new FunctionSettingsError(
    result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  );
}
