import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";

/**
 * What a conditional write answers; null when its condition did not hold, and nothing was written.
 */
export async function conditionalWrite<Output>(write: Promise<Output>): Promise<Output | null> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}

/** Whether a conditional write took place. */
export async function wasWritten(write: Promise<unknown>): Promise<boolean> {
  return (await conditionalWrite(write)) !== null;
}
