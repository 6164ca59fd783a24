export { subscribe } from "./subscribe.ts";
export { iterate } from "./iterate.ts";
export type { Subscription } from "./subscription.ts";
export type { SubscribeOptions } from "./options.ts";
export type { BatchHandler, ChangeHandler, HandlerContext } from "./handler.ts";
export type { Change, ChangeOf, TableRows } from "./change.ts";
export type {
  ErrorContext,
  MessageInfo,
  OnlyRepeatsInfo,
  RepeatInfo,
  SubscriptionEvents,
} from "./events.ts";
export {
  MemoryPositionStore,
  type PositionMark,
  type PositionStore,
  type TransactionalPositionStore,
} from "./position-store.ts";
export {
  MemorySnapshotCounts,
  type SnapshotCount,
  type SnapshotCounts,
  SnapshotProgress,
  type SnapshotTable,
} from "./snapshot-progress.ts";
export { ExactDecimal } from "../wire/exact-decimal.ts";
export * from "./errors.ts";
