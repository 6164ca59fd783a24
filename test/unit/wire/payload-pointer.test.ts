import { expect, test } from "vitest";
import { decodePointer, encodePointer } from "../../../wire/payload-pointer.ts";

test("a pointer is the same after formatting and parsing", () => {
  const pointer = { bucket: "payloads", key: "messages/staging/1" };
  expect(decodePointer(encodePointer(pointer))).toEqual(pointer);
});

test("a pointer is recognised whatever the package of its class name", () => {
  const body = '["com.amazon.sqs.javamessaging.PayloadS3Pointer",{"s3BucketName":"b","s3Key":"k"}]';
  expect(decodePointer(body)).toEqual({ bucket: "b", key: "k" });
});

test.each([
  '{"version":1}',
  "[",
  "[]",
  '["x.PayloadS3Pointer",null]',
  '["x.PayloadS3Pointer",{"s3BucketName":"b"}]',
  '["other",{"s3BucketName":"b","s3Key":"k"}]',
])("%s is not a pointer", (body) => expect(decodePointer(body)).toBeNull());
