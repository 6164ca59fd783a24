import { expect, test } from "vitest";
import { decodeAwsChunked } from "../../../s3/aws-chunked.ts";

test("chunks are joined and trailing headers are read", () => {
  const body = Buffer.from(
    "5\r\nhello\r\n7;chunk-signature=abc\r\n, w\r\nld\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
  );
  const { content, trailers } = decodeAwsChunked(body);
  expect(content.toString()).toBe("hello, w\r\nld");
  expect(Object.fromEntries(trailers)).toEqual({ "x-amz-checksum-crc32": "AAAAAA==" });
});

test("an empty body has only the last chunk", () => {
  expect(decodeAwsChunked(Buffer.from("0\r\n\r\n")).content).toHaveLength(0);
});

test("a body that is not chunked is refused", () => {
  for (const text of ["", "hello", "zz\r\nhello\r\n"]) {
    expect(() => decodeAwsChunked(Buffer.from(text))).toThrow(RangeError);
  }
});
