import { describe, expect, test } from "vitest";
import { sendTrouble } from "../../../functions/delivery/send-trouble.ts";

const error = (name: string, message = "") => Object.assign(new Error(message), { name });
const systemError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe("an error of a send", () => {
  test.for([
    ["QueueDoesNotExist", "queue-unavailable"],
    ["AccessDenied", "access-denied"],
    ["AccessDeniedException", "access-denied"],
    ["KmsDisabled", "access-denied"],
    ["KMS.DisabledException", "access-denied"],
    ["RequestThrottled", "throttled"],
    ["ThrottlingException", "throttled"],
    ["InvalidMessageContents", "refused"],
    ["TimeoutError", "queue-unavailable"],
    ["InternalFailure", "queue-unavailable"],
  ])("%s is the queue's trouble: %s", ([name = "", reason]) => {
    expect(sendTrouble(error(name, "why"))).toEqual({ reason, error: `${name}: why` });
  });

  test("of the connection is the queue's trouble", () => {
    expect(sendTrouble(systemError("ECONNREFUSED"))).toMatchObject({
      reason: "queue-unavailable",
      error: "ECONNREFUSED: connect ECONNREFUSED",
    });
  });

  test.for([
    "ExpiredToken",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "CredentialsProviderError",
  ])("%s is the function's own", (name) => {
    expect(sendTrouble(error(name))).toBeNull();
  });
});
