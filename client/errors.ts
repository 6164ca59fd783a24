export { InvalidMessageError, UnsupportedMessageVersionError } from "../wire/message.ts";

/**
 * The subscription lacks a setting or has a bad one. Remedy: the options and variables that the
 * message names.
 */
export class SubscriptionSettingsError extends Error {
  override readonly name = "SubscriptionSettingsError";
  readonly problems: readonly string[];
  /** The environment queues that there are, as far as these credentials may list them. */
  readonly available: readonly string[];

  constructor(problems: readonly string[], available: readonly string[]) {
    super(`${problems.join("; ")}. ${queuesInstead(available)}`);
    this.problems = problems;
    this.available = available;
  }
}

/**
 * There is no such queue, or it cannot be seen with these credentials. Remedy: one of `available`,
 * or deploy it.
 */
export class QueueNotFoundError extends Error {
  override readonly name = "QueueNotFoundError";
  readonly queueName: string;
  /** The source's environment queues, as far as these credentials may list them. */
  readonly available: readonly string[];

  constructor(queueName: string, available: readonly string[], options?: ErrorOptions) {
    super(`No queue ${queueName}. ${queuesInstead(available)}`, options);
    this.queueName = queueName;
    this.available = available;
  }
}

/**
 * A message of another environment, subscriber or source. Remedy: find out who sends to this queue.
 */
export class ForeignMessageError extends Error {
  override readonly name = "ForeignMessageError";
}

/**
 * An off-loaded payload could not be fetched from S3. Remedy: s3:GetObject for the application, or
 * the bucket's lifecycle.
 */
export class PayloadUnavailableError extends Error {
  override readonly name = "PayloadUnavailableError";
}

/** What a validator found wrong with a row; it counts as a failure of the handler. */
export interface RowIssue {
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * A row that its table's validator refused. Remedy: the validator, or the code that wrote the row.
 */
export class RowValidationError extends Error {
  override readonly name = "RowValidationError";
  readonly changeId: string;
  readonly table: string;
  /**
   * What the validator said. Not part of the error's message, because validators may quote the
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
 * SQS did not delete a handled message, because it was no longer ours. It comes again and is
 * filtered as a repeat.
 */
export class DeletionRefusedError extends Error {
  override readonly name = "DeletionRefusedError";
  readonly code: string;

  constructor(code: string) {
    super(`SQS did not delete a handled message (${code}); it will come again and be filtered`);
    this.code = code;
  }
}

/**
 * SQS did not take back a message that was to be tried again. It comes again after its visibility
 * timeout instead.
 */
export class ReleaseRefusedError extends Error {
  override readonly name = "ReleaseRefusedError";
  readonly code: string;

  constructor(code: string) {
    super(
      `SQS did not take a message back (${code}); it will come again after its visibility timeout`,
    );
    this.code = code;
  }
}

/**
 * SQS hides a message for 12 hours at most, and this one was not handled by then. Its handler's
 * `signal` has aborted, and the message comes again. Remedy: a handler that does its work in
 * smaller steps.
 */
export class VisibilityLimitError extends Error {
  override readonly name = "VisibilityLimitError";

  constructor() {
    super(
      "SQS hides a message for 12 hours at most, counted from its receive. This one was not handled by then: " +
        "its handler's signal has aborted, and the message will be received again",
    );
  }
}

function queuesInstead(available: readonly string[]): string {
  return available.length === 0
    ? "No environment queue is to be seen here (or these credentials may not list queues)."
    : `Environment queues here: ${available.join(", ")}.`;
}
