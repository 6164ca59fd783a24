/** What a subscription was doing when an error occurred. */
export type Activity = "handle" | "receive" | "extend" | "release" | "delete";

/** The context of an error. `message` is missing when the error concerns the queue as a whole. */
export interface ErrorContext {
  readonly activity: Activity;
  readonly environment: string;
  readonly subscriber: string;
  readonly message?: MessageContext;
}

/** The message that an error or event concerns. */
export interface MessageContext {
  readonly group: string;
  readonly messageId: string;
  /** How often the message was received, including this time; approximate, as SQS counts it. */
  readonly receiveCount: number;
}

/** A message before or after its handling. */
export interface MessageInfo {
  readonly environment: string;
  readonly subscriber: string;
  readonly source: string;
  readonly queueUrl: string;
  readonly group: string;
  readonly messageId: string;
  readonly receiveCount: number;
  /** The number of changes that are handled this time. */
  readonly changes: number;
  /** The number of changes that are skipped, because the position store records them as handled. */
  readonly repeated: number;
  /** Commit time of the first change that is handled this time, milliseconds since 1970. */
  readonly committedMs: number;
}

/**
 * A message that was deleted without handling, because the position store records all its changes
 * as handled.
 */
export interface RepeatInfo extends MessageContext {
  readonly environment: string;
  readonly subscriber: string;
  readonly changes: number;
  /** How many messages this subscription has deleted as repeats, including this one. */
  readonly total: number;
}

/** For a minute or longer, messages were deleted as repeats and no message was handled. */
export interface OnlyRepeatsInfo {
  readonly environment: string;
  readonly subscriber: string;
  /** The number of messages that were deleted as repeats. */
  readonly repeats: number;
  /** The time since the first of them, milliseconds. */
  readonly durationMs: number;
  /** The latest of them. */
  readonly latest: MessageContext;
}

/**
 * An application's callbacks. Errors that the `on…` callbacks throw are dropped, so that they
 * cannot disturb the delivery.
 */
export interface SubscriptionEvents {
  /**
   * Called for every failure, including those that are retried. Default: prints a line to standard
   * error.
   */
  readonly onError?: ((error: unknown, context: ErrorContext) => void) | undefined;
  /** Called after a message was handled; `durationMs` is how long the handling took. */
  readonly onHandled?: ((message: MessageInfo, durationMs: number) => void) | undefined;
  /**
   * Called when a message is deleted without handling, because its changes are recorded as handled.
   */
  readonly onRepeat?: ((repeat: RepeatInfo) => void) | undefined;
  /**
   * Called when, for a minute, at least ten messages were deleted as repeats and no message was
   * handled. Called once, and again only after a message was handled. Default: prints a line to
   * standard error.
   */
  readonly onOnlyRepeats?: ((info: OnlyRepeatsInfo) => void) | undefined;
  /**
   * Runs around the handling of each message, for example to open a trace span. Must call `handle`
   * and return its promise. An error that it throws counts as a failure of the message.
   */
  readonly around?:
    | ((message: MessageInfo, handle: () => Promise<void>) => Promise<void>)
    | undefined;
}
