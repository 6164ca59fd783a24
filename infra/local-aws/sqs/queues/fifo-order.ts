import type { DeliveryOrder } from "./delivery-order.ts";
import { LinkedList, type ListNode } from "./linked-list.ts";
import type { Message } from "./message.ts";
import { Reach } from "./reach.ts";

interface Group {
  readonly id: string;
  readonly messages: LinkedList<Message>;
  inFlight: number;
  /** The group's place in the list of ready groups; undefined when it is not ready. */
  ready: ListNode<Group> | undefined;
}

/**
 * The order of a FIFO queue. A group is locked while one of its messages is in flight. A receive
 * takes as many messages as possible from one group, in order, before it continues with the next.
 * The group that has been ready longest is first.
 */
export class FifoOrder implements DeliveryOrder {
  readonly #groups = new Map<string, Group>();
  readonly #ready = new LinkedList<Group>();
  readonly #reach: Reach;

  /** `reach`: see `QueueLimits`. */
  constructor(reach: number) {
    this.#reach = new Reach(reach);
  }

  added(message: Message): void {
    const id = message.groupId ?? "";
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { id, messages: new LinkedList(), inFlight: 0, ready: undefined };
      this.#groups.set(id, group);
    }
    message.inOrder = group.messages.push(message);
    this.#reach.enter(message);
    this.#review(group);
  }

  appeared(message: Message): void {
    this.#review(this.#groupOf(message));
  }

  hidden(message: Message): void {
    const group = this.#groupOf(message);
    group.inFlight++;
    this.#review(group);
  }

  returned(message: Message): void {
    const group = this.#groupOf(message);
    group.inFlight--;
    this.#review(group);
  }

  removed(message: Message, wasInFlight: boolean): void {
    const group = this.#groupOf(message);
    if (wasInFlight) group.inFlight--;
    if (message.inOrder !== undefined) group.messages.remove(message.inOrder);
    message.inOrder = undefined;
    this.#review(group);
    if (group.messages.first === undefined) this.#groups.delete(group.id);
    const reached = this.#reach.leave(message);
    if (reached !== undefined) this.#review(this.#groupOf(reached));
  }

  *deliverable(): Generator<Message, void, void> {
    for (let first = this.#ready.first; first !== undefined; first = this.#ready.first) {
      let node = first.value.messages.first;
      while (node !== undefined && isOffered(node.value)) {
        const next: ListNode<Message> | undefined = node.next;
        yield node.value;
        node = next;
      }
    }
  }

  /** Adds a group to the ready groups or removes it, after any change. */
  #review(group: Group): void {
    const first = group.messages.first?.value;
    const ready = group.inFlight === 0 && first !== undefined && isOffered(first);
    if (ready && group.ready === undefined) group.ready = this.#ready.push(group);
    if (!ready && group.ready !== undefined) {
      this.#ready.remove(group.ready);
      group.ready = undefined;
    }
  }

  #groupOf(message: Message): Group {
    const group = this.#groups.get(message.groupId ?? "");
    if (group === undefined) throw new Error("the queue does not have the message's group");
    return group;
  }
}

function isOffered(message: Message): boolean {
  return message.state === "visible" && message.beyondReach === undefined;
}
