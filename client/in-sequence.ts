import type { Message } from "@aws-sdk/client-sqs";

/**
 * Sorts received messages into the order in which the queue got them. SQS documents that the
 * messages of a group are delivered in order, but not that one answer lists them in order, although
 * it does.
 */
export function inSequence(messages: readonly Message[]): Message[] {
  return messages.toSorted((one, other) => compare(sequenceNumber(one), sequenceNumber(other)));
}

/** A number of up to 128 bits, as digits without leading zeros. */
function sequenceNumber(message: Message): string {
  return message.Attributes?.SequenceNumber ?? "";
}

function compare(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}
