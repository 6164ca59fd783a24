/**
 * Which messages of a batch failed, by what a function with `ReportBatchItemFailures` returned.
 * Lambda's rules: nothing, or no list of failures, or an empty one, means complete success; a list
 * that names an unknown message, or names one wrongly, means complete failure.
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
