/** What a subscription was doing when an error came up. */
export type Activity = "handle" | "receive" | "extend" | "release" | "delete";

/** Where an error came up; without a message when it concerns the queue as a whole. */
export interface ErrorContext {
  readonly activity: Activity;
  readonly environment: string;
  readonly subscriber: string;
  readonly message?: MessageContext;
}

/** Which message it is about. */
export interface MessageContext {
  readonly group: string;
  readonly messageId: string;
  /** How often SQS has handed it out, this time included. */
  readonly receiveCount: number;
}

/** A message that is about to be handled, or has been. */
export interface MessageInfo {
  readonly environment: string;
  readonly subscriber: string;
  readonly source: string;
  readonly queueUrl: string;
  readonly group: string;
  readonly messageId: string;
  readonly receiveCount: number;
  /** How many changes of the message are handled this time. */
  readonly changes: number;
  /** How many are left out, because they are known to have been handled before. */
  readonly repeated: number;
  /** Commit time of the first of them, milliseconds since 1970. */
  readonly committedMs: number;
}

/**
 * A message that was deleted unhandled, because all of its changes are known to have been handled
 * before.
 */
export interface RepeatInfo extends MessageContext {
  readonly environment: string;
  readonly subscriber: string;
  readonly changes: number;
  /** How many messages this subscription has deleted as repeats, this one included. */
  readonly total: number;
}

/** For a minute or longer messages were deleted as repeats and none was handled. */
export interface OnlyRepeatsInfo {
  readonly environment: string;
  readonly subscriber: string;
  /** How many messages. */
  readonly repeats: number;
  /** Since the first of them. */
  readonly durationMs: number;
  /** One of them. */
  readonly latest: MessageContext;
}

/** Callbacks. What one throws is thrown away, so that watching cannot disturb the work. */
export interface SubscriptionEvents {
  /** Every failure, also those that are retried. Default: one line on standard error. */
  readonly onError?: (error: unknown, context: ErrorContext) => void;
  /** A message was handled; how long that took, milliseconds. */
  readonly onHandled?: (message: MessageInfo, durationMs: number) => void;
  /** A message was deleted unhandled, because its changes are known to have been handled before. */
  readonly onRepeat?: (repeat: RepeatInfo) => void;
  /**
   * For a minute, at least ten messages were deleted as repeats and none was handled. Called once,
   * and again only after a message was handled. Default: one line on standard error.
   */
  readonly onOnlyRepeats?: (info: OnlyRepeatsInfo) => void;
  /**
   * Runs around the handling of each message: a place to open a trace span. Must call `handle` and
   * return its promise.
   */
  readonly around?: (message: MessageInfo, handle: () => Promise<void>) => Promise<void>;
}
