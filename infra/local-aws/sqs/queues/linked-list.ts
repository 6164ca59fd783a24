/** A list that removes any element in constant time, for queues of 100,000s of messages. */
export class LinkedList<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;

  get first(): ListNode<T> | undefined {
    return this.#first;
  }

  /** Appends a value. Returns its node for `remove`. */
  push(value: T): ListNode<T> {
    const node: ListNode<T> = { value, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    return node;
  }

  /**
   * Removes a node, which must be in this list. The node's references to its neighbours are
   * cleared, so that removed nodes do not keep each other, and messages of up to a megabyte, in
   * memory. An iteration must therefore read `next` before it removes a node.
   */
  remove(node: ListNode<T>): void {
    if (node.previous === undefined) this.#first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
    node.previous = undefined;
    node.next = undefined;
  }
}

export interface ListNode<T> {
  readonly value: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
}
