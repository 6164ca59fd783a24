import type { Logger } from "@aws-lambda-powertools/logger";
import { FilterSecret } from "../aws/filter-secret.ts";

/** Reads the secret of the filters when the function's process starts. */
export async function startFilterSecret(arn: string | null, logger: Logger): Promise<FilterSecret> {
  const secret = new FilterSecret({
    arn,
    onFailure: (error) =>
      logger.error("the secret of the filters cannot be read; what needs it is parked", {
        error: error as Error,
      }),
  });
  await secret.read();
  return secret;
}

/** A handler that first tries to read the secret if that has failed so far. */
export function withFilterSecret<Event, Context, Result>(
  secret: FilterSecret,
  handler: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return async (event, context) => {
    await secret.read();
    return await handler(event, context);
  };
}
