import { describe, expect, test } from "vitest";
import { payloadTrouble, sendTrouble } from "../../../../functions/delivery/send-trouble.ts";

const SMALL = 1000;
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
    ["KMS.ThrottlingException", "throttled"],
    ["InvalidMessageContents", "refused"],
    ["InvalidParameterValue", "refused"],
    ["BatchRequestTooLong", "too-large"],
    ["TimeoutError", "queue-unavailable"],
    ["InternalFailure", "queue-unavailable"],
  ])("%s is the queue's trouble: %s", ([name = "", reason]) => {
    expect(sendTrouble(error(name, "why"), SMALL)).toEqual({ reason, error: `${name}: why` });
  });

  test("means a message over the queue's limit only over 1 KiB, the smallest limit", () => {
    const invalid = error("InvalidParameterValue");
    expect(sendTrouble(invalid, 1024)).toMatchObject({ reason: "refused" });
    expect(sendTrouble(invalid, 1025)).toMatchObject({ reason: "too-large" });
  });

  test("of the connection is the queue's trouble", () => {
    expect(sendTrouble(systemError("ECONNREFUSED"), SMALL)).toMatchObject({
      reason: "queue-unavailable",
      error: "ECONNREFUSED: connect ECONNREFUSED",
    });
  });

  test.for([
    "ExpiredToken",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "CredentialsProviderError",
  ])("%s is the function's own trouble", (name) => {
    expect(sendTrouble(error(name), SMALL)).toBeNull();
  });
});

describe("an error of the payload bucket", () => {
  const PREFIX = "messages/staging/";

  test.for(["AccessDenied", "KMS.DisabledException", "KMS.NotFoundException"])(
    "%s is the trouble of the queue whose message it refuses",
    (name) => {
      expect(payloadTrouble(error(name, "why"), PREFIX)).toEqual({
        reason: "access-denied",
        error: `the payload bucket refuses bodies under ${PREFIX}: ${name}: why`,
      });
    },
  );

  test.for(["ServiceUnavailable", "SlowDown", "NoSuchBucket", "ExpiredToken", "TimeoutError"])(
    "%s concerns every queue",
    (name) => {
      expect(payloadTrouble(error(name), PREFIX)).toBeNull();
    },
  );
});
