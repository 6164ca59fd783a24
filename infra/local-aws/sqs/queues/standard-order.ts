import type { DeliveryOrder } from "./delivery-order.ts";
import { LinkedList } from "./linked-list.ts";
import type { Message } from "./message.ts";

/** The order of a standard queue: the message that has been visible longest is first. */
export class StandardOrder implements DeliveryOrder {
  readonly #visible = new LinkedList<Message>();

  added(message: Message): void {
    if (message.state === "visible") this.#show(message);
  }

  appeared(message: Message): void {
    this.#show(message);
  }

  hidden(message: Message): void {
    this.#hide(message);
  }

  returned(message: Message): void {
    this.#show(message);
  }

  removed(message: Message): void {
    this.#hide(message);
  }

  *deliverable(): Generator<Message, void, void> {
    for (let node = this.#visible.first; node !== undefined; node = this.#visible.first) {
      yield node.value;
    }
  }

  #show(message: Message): void {
    message.inOrder = this.#visible.push(message);
  }

  #hide(message: Message): void {
    if (message.inOrder !== undefined) this.#visible.remove(message.inOrder);
    message.inOrder = undefined;
  }
}
