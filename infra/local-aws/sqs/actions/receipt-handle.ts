/** The content of a receipt handle: a queue, a message and one of its receives. */
export interface Receipt {
  readonly queueId: string;
  readonly messageId: string;
  /** The id of the receive. */
  readonly receipt: string;
}

/** The handle as opaque text, like SQS's. */
export function formatReceiptHandle(receipt: Receipt): string {
  const text = `${receipt.queueId} ${receipt.messageId} ${receipt.receipt}`;
  return Buffer.from(text).toString("base64");
}

/** Parses a handle; undefined when the text is not a handle. */
export function parseReceiptHandle(handle: string): Receipt | undefined {
  const text = Buffer.from(handle, "base64").toString();
  const match = /^([0-9a-f-]{36}) ([0-9a-f-]{36}) ([0-9a-z]+)$/.exec(text);
  const [, queueId, messageId, receipt] = match ?? [];
  if (queueId === undefined || messageId === undefined || receipt === undefined) return undefined;
  return { queueId, messageId, receipt };
}
