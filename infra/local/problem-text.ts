import { RUNBOOK, type RunbookHeading } from "../stack/monitoring/runbook.ts";
import { FunctionThrottledError, InvocationError } from "./lambda/errors.ts";
import { BatchItemsFailedError } from "./lambda/event-source-mapping.ts";
import { ChildEndedError } from "./process/child-process.ts";

/**
 * A problem in one line, with the runbook's heading. Problems of the stand-ins and of the
 * demonstration have none: nothing of them is deployed.
 */
export function problemText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = text] = text.split("\n", 1);
  const heading = headingOf(error);
  return heading === null ? line : `${line}. Runbook: ${heading}`;
}

function headingOf(error: unknown): RunbookHeading | null {
  if (error instanceof FunctionThrottledError) return RUNBOOK.functionThrottles;
  if (error instanceof InvocationError) return RUNBOOK.functionErrors;
  if (error instanceof BatchItemsFailedError) return RUNBOOK.framesReturned;
  const isReader = error instanceof ChildEndedError && error.child === "reader";
  return isReader ? RUNBOOK.readerNotReporting : null;
}
