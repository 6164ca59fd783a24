import type { Clients } from "../../../functions/aws/clients.ts";
import { aroundRequests } from "./around-requests.ts";

/** The error that stands for the death of a function's process in a test. */
class KilledError extends Error {
  override readonly name = "KilledError";
}

/**
 * Makes the clients of one function stop at a certain request, as if its process had been killed.
 * `before`: the request is not made; `after`: it is made, and its answer is lost. No later request
 * is made. Reads and repetitions count too. Returns how many requests were made or attempted.
 */
export function killAt(
  clients: Clients,
  request: number,
  when: "before" | "after",
): { readonly requests: () => number } {
  let requests = 0;
  let killed = false;
  for (const client of [clients.sqs, clients.dynamodb, clients.s3]) {
    aroundRequests(client, async (_request, send) => {
      requests++;
      const last = requests === request;
      if (killed || (last && when === "before")) {
        killed = true;
        throw new KilledError("killed");
      }
      try {
        return await send();
      } finally {
        killed ||= last;
        // The process is dead: it gets no answer.
        if (killed) await Promise.reject(new KilledError("killed"));
      }
    });
  }
  return { requests: () => requests };
}
