import { processPartialResponse, SqsFifoPartialProcessorAsync } from "@aws-lambda-powertools/batch";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/**
 * Handles the records of each message group in order, and the groups side by side, so that one lane's trouble neither
 * fails nor delays another. Returns the first failed record of each group and all that follow it there.
 */
export async function handleByGroup(
  event: SQSEvent,
  handlerOfGroup: (records: readonly SQSRecord[]) => (record: SQSRecord) => Promise<unknown>,
): Promise<SQSBatchResponse> {
  const groups = Map.groupBy(event.Records, ({ attributes }) => attributes.MessageGroupId ?? "");
  const responses = await Promise.all(
    Array.from(groups.values(), async (records) =>
      processPartialResponse(
        { Records: records },
        handlerOfGroup(records),
        new SqsFifoPartialProcessorAsync(),
        { throwOnFullBatchFailure: false },
      ),
    ),
  );
  return { batchItemFailures: responses.flatMap(({ batchItemFailures }) => batchItemFailures) };
}
