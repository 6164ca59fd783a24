/** One thing that a deployment does. */
export interface Step {
  /** `leaves`: a queue stays behind with its messages, out of the stack. */
  readonly kind: "creates" | "deletes" | "leaves" | "keeps" | "changes";
  /** A queue's name, or the place in the configuration. */
  readonly what: string;
  readonly text: string;
  /** Whether messages that wait in the queue `what` are lost. */
  readonly losesMessages: boolean;
}

/** Another value at a place in the configuration, by which no waiting message is lost. */
export function change(what: string, text: string): Step {
  return { kind: "changes", what, text, losesMessages: false };
}

/** Whether two values are written the same as JSON. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
