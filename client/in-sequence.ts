import type { Message } from "@aws-sdk/client-sqs";

/**
 * The messages of a receive in the order in which the queue got them. SQS's documentation promises
 * the order between the messages of a group; that they also stand in this order inside one answer
 * is only how it has always been.
 */
export function inSequence(messages: readonly Message[]): Message[] {
  return messages.toSorted((one, other) => compare(sequenceNumber(one), sequenceNumber(other)));
}

/** Up to 128 bits, as digits without leading zeros. */
function sequenceNumber(message: Message): string {
  return message.Attributes?.SequenceNumber ?? "";
}

function compare(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}
