/** What passes between the local runtime and a function's process. */
export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** The outcome of importing the handler, with the id `INIT`, or of an invocation. */
export type Outcome =
  | { readonly kind: "result"; readonly id: string; readonly value: unknown }
  | { readonly kind: "error"; readonly id: string; readonly type: string; readonly text: string };

export const INIT = "init";
