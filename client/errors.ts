export { InvalidMessageError, UnsupportedMessageVersionError } from "../wire/message.ts";

/**
 * A setting of the subscription is missing or invalid. Remedy: set the options and variables that
 * the message names.
 */
export class SubscriptionSettingsError extends Error {
  override readonly name = "SubscriptionSettingsError";
  readonly problems: readonly string[];
  /** The existing environment queues that these credentials may list. */
  readonly available: readonly string[];

  constructor(problems: readonly string[], available: readonly string[]) {
    super(`${problems.join("; ")}. ${queuesInstead(available)}`);
    this.problems = problems;
    this.available = available;
  }
}

/**
 * The queue does not exist, or these credentials may not see it. Remedy: choose one of `available`,
 * or deploy the queue.
 */
export class QueueNotFoundError extends Error {
  override readonly name = "QueueNotFoundError";
  readonly queueName: string;
  /** The source's environment queues that these credentials may list. */
  readonly available: readonly string[];

  /** `ErrorOptions` is not in the libraries of types before ES2022. */
  constructor(
    queueName: string,
    available: readonly string[],
    options?: { readonly cause?: unknown },
  ) {
    super(
      `The queue ${queueName} does not exist, or these credentials may not see it. ${queuesInstead(available)}`,
      options,
    );
    this.queueName = queueName;
    this.available = available;
  }
}

/**
 * The queue contained a message of another environment, subscriber or source. Remedy: find out who
 * sends to this queue.
 */
export class ForeignMessageError extends Error {
  override readonly name = "ForeignMessageError";
}

/**
 * An off-loaded payload could not be fetched from S3. Remedy: allow s3:GetObject to the
 * application, or lengthen the bucket's lifecycle.
 */
export class PayloadUnavailableError extends Error {
  override readonly name = "PayloadUnavailableError";
}

/** A validator's finding about a row. */
export interface RowIssue {
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * The table's validator refused a row; this counts as a failure of the handler. Remedy: correct the
 * validator, or the code that wrote the row.
 */
export class RowValidationError extends Error {
  override readonly name = "RowValidationError";
  readonly changeId: string;
  readonly table: string;
  /**
   * The validator's findings. The error's message omits them, because validators may quote the
   * row's values.
   */
  readonly issues: readonly RowIssue[];

  constructor(changeId: string, table: string, issues: readonly RowIssue[]) {
    const columns = [...new Set(issues.map((issue) => issue.path.join(".") || "the row"))];
    super(`${table}, change ${changeId}: the validator refused ${columns.join(", ")}`);
    this.changeId = changeId;
    this.table = table;
    this.issues = issues;
  }
}

/**
 * SQS did not delete a handled message, because this process no longer held it. The message is
 * received again and filtered as a repeat.
 */
export class DeletionRefusedError extends Error {
  override readonly name = "DeletionRefusedError";
  readonly code: string;

  constructor(code: string) {
    super(
      `SQS did not delete a handled message (${code}); the message is received again and dropped as a repeat`,
    );
    this.code = code;
  }
}

/**
 * SQS refused to make a message visible again for a retry. The message is received again after its
 * visibility timeout.
 */
export class ReleaseRefusedError extends Error {
  override readonly name = "ReleaseRefusedError";
  readonly code: string;

  constructor(code: string) {
    super(
      `SQS did not make a message visible again (${code}); the message is received again after its visibility timeout`,
    );
    this.code = code;
  }
}

/**
 * A message was not handled within 12 hours, the longest time for which SQS hides it. The handler's
 * `signal` has aborted, and the message is received again. Remedy: divide the handler's work into
 * smaller steps.
 */
export class VisibilityLimitError extends Error {
  override readonly name = "VisibilityLimitError";

  constructor() {
    super(
      "SQS hides a message for at most 12 hours after its receive. The handler needed longer for this message: " +
        "its signal has aborted, and the message is received again",
    );
  }
}

function queuesInstead(available: readonly string[]): string {
  return available.length === 0
    ? "These credentials list no environment queue here."
    : `Environment queues here: ${available.join(", ")}.`;
}
