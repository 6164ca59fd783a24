/**
 * The messages of a batch that failed, from the response of a function with
 * `ReportBatchItemFailures`. Lambda's rules: no response, no list of failures or an empty list
 * means that all succeeded; a list with an unknown or malformed message id means that all failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function failedMessages(
  response: unknown,
  messageIds: ReadonlySet<string>,
): ReadonlySet<string> {
  if (response === null || response === undefined) return new Set();
  if (typeof response !== "object") return messageIds;
  const failures = (response as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === null || failures === undefined) return new Set();
  if (!Array.isArray(failures)) return messageIds;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = identifierOf(failure);
    if (id === undefined || !messageIds.has(id)) return messageIds;
    failed.add(id);
  }
  return failed;
}

function identifierOf(failure: unknown): string | undefined {
  if (typeof failure !== "object" || failure === null) return undefined;
  const id = (failure as { itemIdentifier?: unknown }).itemIdentifier;
  return typeof id === "string" ? id : undefined;
}
