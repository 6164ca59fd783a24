import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";

/**
 * Awaits a conditional write and returns its output; null when the condition failed and nothing was
 * written.
 */
export async function conditionalWrite<Output>(write: Promise<Output>): Promise<Output | null> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
}

/** Whether a conditional write's condition held, so that it was written. */
export async function wasWritten(write: Promise<unknown>): Promise<boolean> {
  return (await conditionalWrite(write)) !== null;
}
