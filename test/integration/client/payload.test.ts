import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  PayloadUnavailableError,
  subscribe,
  type Change,
  type SubscribeOptions,
} from "../../../client/index.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

/**
 * A pointer as Amazon's Extended Client Library for Java writes it (PayloadS3Pointer in
 * payload-offloading-java-common).
 */
const pointer = (s3Key: string): string =>
  JSON.stringify([
    "software.amazon.payloadoffloading.PayloadS3Pointer",
    { s3BucketName: "payloads", s3Key },
  ]);

describe("a message that was too large for SQS", () => {
  let rig: QueueRig;
  let s3: S3Client;
  const options = (): SubscribeOptions => ({
    sqs: rig.sqs,
    s3,
    source: "shop",
    environment: "staging",
    backoffSeconds: () => 1,
  });

  beforeEach(async () => {
    rig = await startQueueRig();
    s3 = new S3Client({
      region: rig.aws.region,
      credentials: rig.aws.credentials,
      endpoint: rig.aws.endpoints.s3,
    });
    await s3.send(new CreateBucketCommand({ Bucket: "payloads" }));
  });

  afterEach(async () => {
    s3.destroy();
    await rig[Symbol.asyncDispose]();
  });

  it("is fetched from its pointer's object unchanged, digits and emoji included", async () => {
    const text = JSON.stringify(message([1, 2])).replace(
      '{"id":1}',
      `{"id":18446744073709551615,"note":"${"🐬".repeat(300_000)}"}`,
    );
    await s3.send(new PutObjectCommand({ Bucket: "payloads", Key: "a/1", Body: text }));
    await rig.sendText("shop.orders", pointer("a/1"));
    await rig.send(message([3]));
    const seen: Change[] = [];
    await using _ = await subscribe("billing", (change) => void seen.push(change), options());
    await vi.waitFor(() => expect(seen).toHaveLength(3), 60_000);
    expect(seen[0]?.after).toEqual({ id: 18446744073709551615n, note: "🐬".repeat(300_000) });
    expect(seen.map(({ source }) => source.pos)).toEqual([1, 2, 3]);
  });

  it("is retried before its successors while it cannot be fetched", async () => {
    await rig.sendText("shop.orders", pointer("late"));
    await rig.send(message([3]));
    const seen: number[] = [];
    const errors: unknown[] = [];
    await using _ = await subscribe("billing", (change) => void seen.push(change.source.pos), {
      ...options(),
      onError: (error) => void errors.push(error),
    });
    await vi.waitFor(() => expect(errors[0]).toBeInstanceOf(PayloadUnavailableError), 60_000);
    const Body = JSON.stringify(message([1, 2]));
    await s3.send(new PutObjectCommand({ Bucket: "payloads", Key: "late", Body }));
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3]), 60_000);
  });

  it("is handled after a redrive, although its group has advanced", async () => {
    await rig.sendText("shop.orders", pointer("forbidden"));
    await rig.send(message([3]));
    const seen: number[] = [];
    await using _ = await subscribe("billing", (change) => void seen.push(change.source.pos), {
      ...options(),
      backoffSeconds: () => 0,
      onError: () => undefined,
    });
    await vi.waitFor(() => expect(seen).toEqual([3]), 60_000);
    const Body = JSON.stringify(message([1, 2]));
    await s3.send(new PutObjectCommand({ Bucket: "payloads", Key: "forbidden", Body }));
    await rig.redrive();
    await vi.waitFor(() => expect(seen).toEqual([3, 1, 2]), 60_000);
  });
});
