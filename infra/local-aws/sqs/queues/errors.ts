/**
 * SQS's errors. `type` is the exception's name in the JSON protocol. `code` is its code in the
 * older query protocol, which the header `x-amzn-query-error` contains. The SDK uses both to name
 * its exceptions.
 */
const ERRORS = {
  BatchEntryIdsNotDistinct: modelled("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
  BatchRequestTooLong: modelled("AWS.SimpleQueueService.BatchRequestTooLong", 400),
  EmptyBatchRequest: modelled("AWS.SimpleQueueService.EmptyBatchRequest", 400),
  InvalidAddress: modelled("InvalidAddress", 404),
  InvalidAttributeName: modelled("InvalidAttributeName", 400),
  InvalidAttributeValue: modelled("InvalidAttributeValue", 400),
  InvalidBatchEntryId: modelled("AWS.SimpleQueueService.InvalidBatchEntryId", 400),
  InvalidMessageContents: modelled("InvalidMessageContents", 400),
  MessageNotInflight: modelled("AWS.SimpleQueueService.MessageNotInflight", 400),
  OverLimit: modelled("OverLimit", 403),
  PurgeQueueInProgress: modelled("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
  QueueDeletedRecently: modelled("AWS.SimpleQueueService.QueueDeletedRecently", 400),
  QueueDoesNotExist: modelled("AWS.SimpleQueueService.NonExistentQueue", 400),
  QueueNameExists: modelled("QueueAlreadyExists", 400),
  ReceiptHandleIsInvalid: modelled("ReceiptHandleIsInvalid", 404),
  RequestThrottled: modelled("RequestThrottled", 403),
  ResourceNotFoundException: modelled("ResourceNotFoundException", 404),
  TooManyEntriesInBatchRequest: modelled(
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    400,
  ),
  UnsupportedOperation: modelled("AWS.SimpleQueueService.UnsupportedOperation", 400),
  AccessDenied: common("AccessDeniedException", "AccessDenied", 403),
  InvalidParameterValue: common("InvalidParameterValueException", "InvalidParameterValue", 400),
  MissingParameter: common("MissingRequiredParameterException", "MissingParameter", 400),
  InvalidAction: common("UnknownOperationException", "InvalidAction", 400),
} as const satisfies Record<string, ErrorForm>;

export type SqsErrorName = keyof typeof ERRORS;

export interface ErrorForm {
  readonly type: string | undefined;
  readonly namespace: string;
  readonly code: string;
  readonly status: number;
}

/** An error that is returned to the client. */
export class SqsError extends Error {
  override readonly name = "SqsError";
  readonly error: SqsErrorName;

  constructor(error: SqsErrorName, message: string) {
    super(message);
    this.error = error;
  }
}

/**
 * The form of an error, by its name, type or code; undefined for an error that SQS does not have.
 */
export function formOfError(nameOrCode: string): Required<ErrorForm> | undefined {
  const entry = Object.entries(ERRORS).find(
    ([name, { code, type }]) => name === nameOrCode || code === nameOrCode || type === nameOrCode,
  );
  if (entry === undefined) return undefined;
  const [name, form] = entry;
  return { ...form, type: form.type ?? name };
}

export function invalidParameter(name: string, value: unknown, reason: string): SqsError {
  return new SqsError(
    "InvalidParameterValue",
    `Value ${String(value)} for parameter ${name} is invalid. Reason: ${reason}`,
  );
}

function modelled(code: string, status: number): ErrorForm {
  return { type: undefined, namespace: "com.amazonaws.sqs", code, status };
}

function common(type: string, code: string, status: number): ErrorForm {
  return { type, namespace: "com.amazon.coral.service", code, status };
}
