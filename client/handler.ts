import type { MessageReplay } from "../wire/message.ts";
import type { AnyTables, Change, ChangeOf, TableRows } from "./change.ts";

/** What a handler gets in addition to the change. */
export interface HandlerContext<Transaction = undefined> {
  readonly environment: string;
  readonly subscriber: string;
  /** The message group. Changes of one group arrive in order. */
  readonly group: string;
  /**
   * The replay that sent the change again because an operator asked for it (`npm run replay`);
   * undefined for every other change.
   */
  readonly replay?: MessageReplay | undefined;
  /** SQS's id of the message that contains the change. */
  readonly messageId: string;
  /** How often the message was received, including this time; approximate, as SQS counts it. */
  readonly receiveCount: number;
  /**
   * Aborts when SQS may deliver the message to another process although it is still being handled
   * here.
   */
  readonly signal: AbortSignal;
  /** The open transaction of a TransactionalPositionStore. */
  readonly transaction: Transaction;
}

/**
 * Handles one change. The change counts as handled when the promise resolves, and is retried when
 * it rejects.
 */
export type ChangeHandler<Tables extends TableRows = AnyTables, Transaction = undefined> = (
  change: ChangeOf<Tables>,
  context: HandlerContext<Transaction>,
) => Promise<void> | void;

/** Handles the changes of one message together. They are consecutive changes of one group. */
export type BatchHandler<Tables extends TableRows = AnyTables, Transaction = undefined> = (
  changes: readonly ChangeOf<Tables>[],
  context: HandlerContext<Transaction>,
) => Promise<void> | void;

/** A handler of either kind, without the types of its tables. */
export interface AnyHandler<Transaction> {
  readonly batch: boolean;
  /** Undefined when the handler is done and returned no promise. */
  run(changes: readonly Change[], context: HandlerContext<Transaction>): Promise<void> | undefined;
}

/** Adapts a ChangeHandler: it gets the changes one after the other. */
export function eachChange<Tables extends TableRows, Transaction>(
  handler: ChangeHandler<Tables, Transaction>,
): AnyHandler<Transaction> {
  return {
    batch: false,
    run(changes, context) {
      const [change] = changes;
      if (changes.length > 1 || change === undefined) return inOrder(changes, handler, context);
      return handler(change as ChangeOf<Tables>, context) ?? undefined;
    },
  };
}

async function inOrder<Tables extends TableRows, Transaction>(
  changes: readonly Change[],
  handler: ChangeHandler<Tables, Transaction>,
  context: HandlerContext<Transaction>,
): Promise<void> {
  for (const change of changes) await handler(change as ChangeOf<Tables>, context);
}

/** Adapts a BatchHandler: it gets the changes together. */
export function allChanges<Tables extends TableRows, Transaction>(
  handler: BatchHandler<Tables, Transaction>,
): AnyHandler<Transaction> {
  return {
    batch: true,
    run(changes, context) {
      return handler(changes as readonly ChangeOf<Tables>[], context) ?? undefined;
    },
  };
}
