import type { MessageReplay } from "../wire/message.ts";
import type { AnyTables, Change, ChangeOf, TableRows } from "./change.ts";

/** What a handler is told beside the change. */
export interface HandlerContext<Transaction = undefined> {
  readonly environment: string;
  readonly subscriber: string;
  /** The message group: changes of one group come in order. */
  readonly group: string;
  /**
   * The replay that sent the change again because an operator asked for it (`npm run replay`);
   * undefined for every other change.
   */
  readonly replay?: MessageReplay | undefined;
  /** SQS's id of the message that the change came in. */
  readonly messageId: string;
  /** How often the message was received, this time included; approximate, as SQS has it. */
  readonly receiveCount: number;
  /** Aborts when SQS may give the message to someone else while it is still being handled here. */
  readonly signal: AbortSignal;
  /** The open transaction of a TransactionalPositionStore. */
  readonly transaction: Transaction;
}

/**
 * Handles one change. The change counts as handled when the promise resolves; it is tried again
 * when it rejects.
 */
export type ChangeHandler<Tables extends TableRows = AnyTables, Transaction = undefined> = (
  change: ChangeOf<Tables>,
  context: HandlerContext<Transaction>,
) => Promise<void> | void;

/** Handles the changes of one message together: consecutive changes of one group. */
export type BatchHandler<Tables extends TableRows = AnyTables, Transaction = undefined> = (
  changes: readonly ChangeOf<Tables>[],
  context: HandlerContext<Transaction>,
) => Promise<void> | void;

/** A handler whose tables no longer matter to the types. */
export interface AnyHandler<Transaction> {
  readonly batch: boolean;
  run(changes: readonly Change[], context: HandlerContext<Transaction>): Promise<void>;
}

/** Runs the changes through a ChangeHandler one after the other. */
export function eachChange<Tables extends TableRows, Transaction>(
  handler: ChangeHandler<Tables, Transaction>,
): AnyHandler<Transaction> {
  return {
    batch: false,
    async run(changes, context) {
      for (const change of changes) await handler(change as ChangeOf<Tables>, context);
    },
  };
}

/** Runs the changes through a BatchHandler together. */
export function allChanges<Tables extends TableRows, Transaction>(
  handler: BatchHandler<Tables, Transaction>,
): AnyHandler<Transaction> {
  return {
    batch: true,
    async run(changes, context) {
      await handler(changes as readonly ChangeOf<Tables>[], context);
    },
  };
}
