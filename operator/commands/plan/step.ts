/** One effect of a deployment. */
export interface Step {
  /** `leaves`: the queue and its messages remain, but no longer belong to the stack. */
  readonly kind: "creates" | "deletes" | "leaves" | "keeps" | "changes";
  /** A queue's name or a path in the configuration. */
  readonly what: string;
  readonly text: string;
  /** Whether waiting messages in the queue `what` are lost. */
  readonly losesMessages: boolean;
}

/** Creates the step for a changed value that loses no waiting messages. */
export function change(what: string, text: string): Step {
  return { kind: "changes", what, text, losesMessages: false };
}

/** Whether two values have the same JSON text. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
