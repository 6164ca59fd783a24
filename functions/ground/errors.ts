/**
 * The function cannot work at the moment: DynamoDB or S3 is unavailable, credentials have expired,
 * or a newer invocation handles the lane. Frame and queues are in order, so the frame fails, SQS
 * delivers it again and the lane waits. The remedy is to fix what the cause names. No manual repeat
 * is needed.
 */
export class OwnTroubleError extends Error {
  override readonly name = "OwnTroubleError";
}

/**
 * Frames are missing between the delivered position and this frame. The remedy is to bring them
 * back (redrive the raw queue's dead-letter queue, retry the malformed record) or to accept the
 * loss explicitly; see docs/runbook.md, "Gap detected".
 */
export class GapError extends Error {
  override readonly name = "GapError";
  readonly lane: number;
  readonly delivered: string | null;
  readonly previous: string | null;
  readonly first: string;
  /** The name of the frame's life; null when it has none. */
  readonly life: string | null;

  constructor(gap: {
    lane: number;
    delivered: string | null;
    previous: string | null;
    first: string;
    life: string | null;
  }) {
    super(
      `lane ${gap.lane}: frames are missing before the frame that begins at ${gap.first}` +
        `${gap.life === null ? "" : ` in the life ${gap.life}`}: ` +
        `${gap.previous === null ? "it has no predecessor" : `its predecessor ends at ${gap.previous}`}, ` +
        `but ${gap.delivered === null ? "the lane has no delivered position" : `the lane is delivered up to ${gap.delivered}`}`,
    );
    this.lane = gap.lane;
    this.delivered = gap.delivered;
    this.previous = gap.previous;
    this.first = gap.first;
    this.life = gap.life;
  }
}

/**
 * A queue's stream contains records of a later life than the frame's, or of another life with the
 * same epoch. Their positions cannot be compared with the frame's, so the frame can neither be
 * parked after the records nor count as delivered. SQS delivers the frame again until the stream is
 * closed; see docs/runbook.md, "Gap detected".
 */
export class OtherLifeError extends Error {
  override readonly name = "OtherLifeError";

  constructor(stream: string, tail: string, last: string) {
    super(
      `${stream}: the frame with ${last} cannot be parked behind ${tail}, which belongs to another life`,
    );
  }
}

/** Whether an error would repeat in every further attempt of the same invocation. */
export function isChainError(error: unknown): error is GapError | OtherLifeError {
  return error instanceof GapError || error instanceof OtherLifeError;
}

/**
 * The body of a failure record is unavailable: its object in the payload bucket is missing or
 * changed, or the body was sealed with another secret. The remedy is to restore the object or the
 * secret, or to discard the record; see docs/runbook.md, "Failures dead".
 */
export class BodyUnavailableError extends Error {
  override readonly name = "BodyUnavailableError";
}

/**
 * Environment variables of a function are missing or invalid. `problems` names every one of them.
 */
export class FunctionSettingsError extends Error {
  override readonly name = "FunctionSettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the function's environment variables are missing or invalid: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * The binlog's row image lacks a column that a subscriber's `where` depends on, so the condition
 * has no result. The row is neither delivered nor left out.
 */
export class UndecidedRowError extends Error {
  override readonly name = "UndecidedRowError";

  constructor(subscriber: string, table: string) {
    super(
      `a row image of ${table} lacks a column that the condition of ${subscriber} needs: set binlog_row_image to FULL, and compare the condition with the table's columns (npm run doctor)`,
    );
  }
}

/**
 * A table lacks a column that a subscriber's `columns` hides by its full name. The column may have
 * been renamed, so no row of the table is delivered to the subscriber. The remedy is to correct
 * `columns`; see docs/runbook.md, "Changes that could not be written".
 */
export class HiddenColumnMissingError extends Error {
  override readonly name = "HiddenColumnMissingError";

  constructor(subscriber: string, table: string, columns: readonly string[]) {
    super(
      `${table} has no column ${columns.join(", ")}, which \`columns\` of ${subscriber} leaves out or masks: the column may have been renamed. Correct \`columns\`, deploy, and retry`,
    );
  }
}

/**
 * The secret of the filters cannot be read, and a subscriber's changes cannot be masked or sealed
 * without it. The remedy is to let the function read the secret; see docs/runbook.md, "Changes that
 * could not be written".
 */
export class FilterSecretUnreadError extends Error {
  override readonly name = "FilterSecretUnreadError";

  constructor() {
    super(
      "the secret of the filters, the key for the hashes of masked columns, cannot be read from Secrets Manager: let the functions read the secret (FILTER_SECRET_ARN); the parked changes are then delivered without further action",
    );
  }
}

/**
 * The configuration leaves out a column of a table's key, without which rows cannot be told apart.
 * No row of the table is delivered to the subscriber. The remedy is to mask the column with `hash`;
 * see docs/runbook.md, "Changes that could not be written".
 */
export class HiddenKeyError extends Error {
  override readonly name = "HiddenKeyError";

  constructor(subscriber: string, table: string, columns: readonly string[]) {
    super(
      `the key of ${table} contains ${columns.join(", ")}, which \`columns\` of ${subscriber} leaves out: without the whole key the subscriber cannot distinguish the rows. In \`columns\`, mask these columns with "hash" or do not name them, deploy, and run \`npm run failures -- retry\``,
    );
  }
}

/**
 * Whether an error means that a subscriber's filters cannot be applied, so that an operator has to
 * act. The message of such an error contains no row data.
 */
export function isFilterError(
  error: unknown,
): error is
  | UndecidedRowError
  | HiddenColumnMissingError
  | HiddenKeyError
  | FilterSecretUnreadError {
  return (
    error instanceof UndecidedRowError ||
    error instanceof HiddenColumnMissingError ||
    error instanceof HiddenKeyError ||
    error instanceof FilterSecretUnreadError
  );
}
