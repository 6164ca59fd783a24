/** A request from the local runtime to a function's process. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** The outcome of an invocation or, with the id `INIT`, of importing the handler. */
export type Outcome =
  | { readonly kind: "result"; readonly id: string; readonly value: unknown }
  | { readonly kind: "error"; readonly id: string; readonly type: string; readonly text: string };

export const INIT = "init";
