import type { Message } from "./message.ts";

/**
 * Which of a queue's messages may be delivered next. The queue tells it about every change of
 * state.
 */
export interface DeliveryOrder {
  /** A message was added, at the end. */
  added(message: Message): void;
  /** A delayed message became visible. */
  appeared(message: Message): void;
  /** A visible message went in flight. */
  hidden(message: Message): void;
  /** A message in flight became visible again. */
  returned(message: Message): void;
  /** A message left the queue; `wasInFlight` from in flight. */
  removed(message: Message, wasInFlight: boolean): void;
  /**
   * The messages that one receive may have, in order. Whoever walks through them hides or removes
   * each one at once: a message that is left visible is offered again.
   */
  deliverable(): Generator<Message, void, void>;
}
