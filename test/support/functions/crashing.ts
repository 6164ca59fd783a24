import type { Clients } from "../../../functions/aws/clients.ts";

/** The error that stands for the death of a function's process in a test. */
class KilledError extends Error {
  override readonly name = "KilledError";
}

/**
 * Makes the clients of one function stop at a certain request, as if its process had been killed.
 * `before`: the request is not made; `after`: it is made, and its answer is lost. No later request
 * is made. Reads count too. Returns how many requests were made or attempted.
 */
export function killAt(
  clients: Clients,
  request: number,
  when: "before" | "after",
): { readonly requests: () => number } {
  let requests = 0;
  let killed = false;
  for (const client of [clients.sqs, clients.dynamodb, clients.s3]) {
    const stack = client.middlewareStack as {
      add(
        middleware: (
          next: (args: unknown) => Promise<unknown>,
        ) => (args: unknown) => Promise<unknown>,
        options: { readonly step: "initialize"; readonly priority: "high"; readonly name: string },
      ): void;
    };
    stack.add(
      (next) => async (args) => {
        requests++;
        const last = requests === request;
        if (killed || (last && when === "before")) {
          killed = true;
          throw new KilledError("killed");
        }
        try {
          return await next(args);
        } finally {
          killed ||= last;
          // The process is dead: it gets no answer.
          if (killed) await Promise.reject(new KilledError("killed"));
        }
      },
      { step: "initialize", priority: "high", name: "killAt" },
    );
  }
  return { requests: () => requests };
}
