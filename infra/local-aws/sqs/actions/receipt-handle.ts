/** What a receipt handle names: a message and one receive of it, in one queue. */
export interface Receipt {
  readonly queueId: string;
  readonly messageId: string;
  /** The receive. */
  readonly receipt: string;
}

/** An opaque text, as with SQS. */
export function formatReceiptHandle(receipt: Receipt): string {
  const text = `${receipt.queueId} ${receipt.messageId} ${receipt.receipt}`;
  return Buffer.from(text).toString("base64");
}

/** The receipt that a handle names, or undefined for a text that is no handle. */
export function parseReceiptHandle(handle: string): Receipt | undefined {
  const text = Buffer.from(handle, "base64").toString();
  const match = /^([0-9a-f-]{36}) ([0-9a-f-]{36}) ([0-9a-z]+)$/.exec(text);
  const [, queueId, messageId, receipt] = match ?? [];
  if (queueId === undefined || messageId === undefined || receipt === undefined) return undefined;
  return { queueId, messageId, receipt };
}
