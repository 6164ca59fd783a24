import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { withPatience } from "./aws-patience.ts";
import { disposable } from "./target.ts";

/**
 * Who runs the command: the caller's ARN for a deployed stack, the operating system's user for a
 * local one.
 */
export async function whoAsks(stack: string | undefined): Promise<string> {
  if (stack === undefined) return userInfo().username;
  using sts = disposable(new STSClient(withPatience()));
  const { Arn: arn = "unknown" } = await sts.client.send(new GetCallerIdentityCommand({}));
  return arn;
}

/** An id for an operator's order. It sorts by time and is short enough to read out. */
export function newOrderId(): string {
  const now = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${now}-${randomBytes(2).toString("hex")}`;
}
