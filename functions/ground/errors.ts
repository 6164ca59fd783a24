/**
 * The function's own trouble: DynamoDB or S3 away, credentials expired, a newer invocation at work
 * on the lane. Nothing is wrong with the frame or with a queue, so the frame fails, SQS brings it
 * back and the lane waits. The remedy is to mend what the cause names; nothing has to be repeated
 * by hand.
 */
export class OwnTroubleError extends Error {
  override readonly name = "OwnTroubleError";
}

/**
 * Frames are missing between the delivered position and this one. The remedy is to bring them back
 * (redrive the raw queue's dead-letter queue, retry the malformed record) or to accept the loss
 * explicitly; docs/runbook.md, "Gap detected".
 */
export class GapError extends Error {
  override readonly name = "GapError";
  readonly lane: number;
  readonly delivered: string | null;
  readonly previous: string | null;
  readonly first: string;

  constructor(gap: {
    lane: number;
    delivered: string | null;
    previous: string | null;
    first: string;
  }) {
    super(
      `lane ${gap.lane}: the frame that begins at ${gap.first} follows ${gap.previous ?? "nothing"}, ` +
        `but ${gap.delivered ?? "nothing"} is the last position delivered`,
    );
    this.lane = gap.lane;
    this.delivered = gap.delivered;
    this.previous = gap.previous;
    this.first = gap.first;
  }
}

/**
 * A queue's stream has records of a later life than the frame's, or of another life with the same
 * epoch. Their positions cannot be compared: the frame can be neither parked behind the records nor
 * taken for delivered. The frame comes again until the stream is closed; docs/runbook.md, "Gap
 * detected".
 */
export class OtherLifeError extends Error {
  override readonly name = "OtherLifeError";

  constructor(stream: string, tail: string, last: string) {
    super(
      `${stream}: the frame with ${last} cannot be parked behind ${tail}, which belongs to another life`,
    );
  }
}

/** Errors that no further attempt of the same invocation can end. */
export function isChainError(error: unknown): error is GapError | OtherLifeError {
  return error instanceof GapError || error instanceof OtherLifeError;
}

/**
 * What a failure record holds cannot be had any more: its object in the payload bucket is gone, or
 * is not what was written. The remedy is to put the object back, or to discard the record;
 * docs/runbook.md, "Failures dead".
 */
export class BodyUnavailableError extends Error {
  override readonly name = "BodyUnavailableError";
}

/**
 * The environment variables do not say what the functions need; `problems` names every variable.
 */
export class FunctionSettingsError extends Error {
  override readonly name = "FunctionSettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the function's environment is unusable: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * The binlog's row image lacks a column on which a subscriber's `where` depends, so that nobody can
 * say whether the subscriber wants the row. It is neither delivered nor left out.
 */
export class UndecidedRowError extends Error {
  override readonly name = "UndecidedRowError";

  constructor(subscriber: string, table: string) {
    super(
      `a row image of ${table} lacks a column of the condition of ${subscriber}: set binlog_row_image to FULL, and compare the condition with the table's columns (npm run doctor)`,
    );
  }
}

/**
 * A table lacks a column that a subscriber's `columns` hides by its full name. What is to be hidden
 * may be in a column of another name now, so no row of the table is delivered to the subscriber.
 * The remedy is to correct `columns`; docs/runbook.md, "Changes that could not be written".
 */
export class HiddenColumnMissingError extends Error {
  override readonly name = "HiddenColumnMissingError";

  constructor(subscriber: string, table: string, columns: readonly string[]) {
    super(
      `${table} has no column ${columns.join(", ")}, which \`columns\` of ${subscriber} leaves out or masks: it may have another name now. Correct \`columns\`, deploy, and retry`,
    );
  }
}

/**
 * Whether an error says that a subscriber's filters do not fit a table: an operator has to correct
 * one of them. Its message names no value of a row.
 */
export function isFilterError(
  error: unknown,
): error is UndecidedRowError | HiddenColumnMissingError {
  return error instanceof UndecidedRowError || error instanceof HiddenColumnMissingError;
}
