import { ReadAnchor } from "../../reader/transactions/read-anchor.ts";
import type { Boundary } from "../../reader/transactions/transaction.ts";

/** A copy of a boundary that stays valid after the call that passes it on. */
export function keptBoundary(boundary: Boundary): Boundary {
  const { anchor } = boundary;
  return structuredClone({
    ...boundary,
    anchor: anchor instanceof ReadAnchor ? anchor.kept() : anchor,
  });
}
