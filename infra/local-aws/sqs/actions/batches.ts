import type { JsonObject } from "../../http/aws-json.ts";
import type { AwsError } from "../../http/aws-service.ts";
import { formOfError, SqsError } from "../queues/errors.ts";
import { objects } from "./input.ts";

/** A batch's limit. */
export const MOST_ENTRIES = 10;

/** The entries of a batch request. Throws SqsError when the batch as a whole is refused. */
export function batchEntries(input: JsonObject): JsonObject[] {
  const entries = objects(input, "Entries");
  if (entries.length === 0) {
    throw new SqsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  }
  if (entries.length > MOST_ENTRIES) {
    throw new SqsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set<unknown>();
  for (const { Id } of entries) {
    if (typeof Id !== "string" || !/^[A-Za-z0-9_-]{1,80}$/.test(Id)) {
      throw new SqsError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (ids.has(Id)) throw new SqsError("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`);
    ids.add(Id);
  }
  return entries;
}

/**
 * Performs a batch: each entry succeeds or fails independently. Entries for which `failedEntry`
 * returns an error are not performed.
 */
export function eachEntry(
  entries: readonly JsonObject[],
  failedEntry: (index: number) => AwsError | undefined,
  action: (entry: JsonObject) => JsonObject,
): JsonObject {
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const [index, entry] of entries.entries()) {
    const fault = failedEntry(index);
    if (fault !== undefined) {
      failed.push({ Id: entry["Id"], ...failureOfEntry(fault) });
      continue;
    }
    try {
      successful.push({ Id: entry["Id"], ...action(entry) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      const { error: code, message } = error;
      failed.push({ Id: entry["Id"], ...failureOfEntry({ code, status: 400, message }) });
    }
  }
  return { Successful: successful, Failed: failed };
}

/**
 * An error in the form of an entry in `Failed`. Throttling is not the sender's fault, because the
 * same entry may be sent again.
 */
function failureOfEntry({ code, status, message }: AwsError): JsonObject {
  const senderFault = status < 500 && !/Throttl/.test(code);
  return { SenderFault: senderFault, Code: formOfError(code)?.code ?? code, Message: message };
}
