import type { z } from "zod";
import { FunctionSettingsError } from "./errors.ts";

/**
 * What a function's environment variables say. Throws FunctionSettingsError naming every variable
 * that is wrong.
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
