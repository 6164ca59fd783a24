import type { Message } from "./message.ts";

/**
 * Decides which of a queue's messages may be delivered next. The queue reports every change of
 * state to it.
 */
export interface DeliveryOrder {
  /** A message was added at the end. */
  added(message: Message): void;
  /** A delayed message became visible. */
  appeared(message: Message): void;
  /** A visible message went in flight. */
  hidden(message: Message): void;
  /** A message in flight became visible again. */
  returned(message: Message): void;
  /** A message left the queue; `wasInFlight`: it was in flight. */
  removed(message: Message, wasInFlight: boolean): void;
  /**
   * The messages that a receive may return, in order. The caller must hide or remove each one at
   * once; a message that stays visible is yielded again.
   */
  deliverable(): Generator<Message, void, void>;
}
