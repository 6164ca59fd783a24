import { expect, test } from "vitest";
import { decodePointer, encodePointer } from "../../../wire/payload-pointer.ts";

test("a pointer survives its text", () => {
  const pointer = { bucket: "payloads", key: "messages/staging/1" };
  expect(decodePointer(encodePointer(pointer))).toEqual(pointer);
});

test("the class name's package does not matter", () => {
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
])("%s is none", (body) => expect(decodePointer(body)).toBeNull());
