import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

let local: LocalAwsWithClients;
let buckets = 0;
let Bucket: string;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  return () => local[Symbol.asyncDispose]();
});

beforeEach(async () => {
  Bucket = `payloads-${++buckets}`;
  await local.s3.send(new CreateBucketCommand({ Bucket }));
});

const put = (Key: string, Body: NonNullable<PutObjectCommandInput["Body"]>, more = {}) =>
  local.s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

const list = (more = {}) => local.s3.send(new ListObjectsV2Command({ Bucket, ...more }));

const get = (Key: string) => local.s3.send(new GetObjectCommand({ Bucket, Key }));

test("an object is returned as it was put, and the SDK verifies its checksum", async () => {
  const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
  const keys = ["plain", "a/b c/d", "100%+&=?#~é😀", "'quotes\"<tag>"];
  for (const key of keys) await put(key, bytes, { ContentType: "application/json" });
  for (const key of keys) {
    const object = await local.s3.send(
      new GetObjectCommand({ Bucket, Key: key, ChecksumMode: "ENABLED" }),
    );
    expect(await object.Body?.transformToByteArray()).toEqual(bytes);
    expect(object).toMatchObject({ ContentLength: bytes.length, ContentType: "application/json" });
    expect(object.ChecksumCRC32).toMatch(/=$/);
  }
});

test("a stream of known length, sent in chunks with a trailing checksum, is stored whole", async () => {
  const text = "äöü".repeat(50_000);
  const stream = Readable.from([
    Buffer.from(text.slice(0, 70_000)),
    Buffer.from(text.slice(70_000)),
  ]);
  await put("stream", stream, { ContentLength: Buffer.byteLength(text) });
  expect(await (await get("stream")).Body?.transformToString()).toBe(text);
});

test("an object of many megabytes, which the SDK announces with Expect: 100-continue, is stored whole", async () => {
  const bytes = Buffer.alloc(12_000_000, "0123456789");
  await put("large", bytes);
  const received = await (await get("large")).Body?.transformToByteArray();
  expect(Buffer.compare(bytes, received ?? new Uint8Array())).toBe(0);
});

test("metadata is returned by GetObject and HeadObject", async () => {
  await put("x", "hello", { Metadata: { change: "17" } });
  expect(await get("x")).toMatchObject({ Metadata: { change: "17" } });
  const head = await local.s3.send(new HeadObjectCommand({ Bucket, Key: "x" }));
  expect(head).toMatchObject({ ContentLength: 5, Metadata: { change: "17" } });
});

test("a deleted object is gone, and deleting it again succeeds", async () => {
  await put("x", "hello");
  const remove = () => local.s3.send(new DeleteObjectCommand({ Bucket, Key: "x" }));
  await remove();
  await remove();
  await expect(get("x")).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(local.s3.send(new HeadObjectCommand({ Bucket, Key: "x" }))).rejects.toMatchObject({
    name: "NotFound",
  });
});

test("a missing bucket is refused with its own exception", async () => {
  Bucket = "missing";
  await expect(get("x")).rejects.toMatchObject({ name: "NoSuchBucket" });
  await expect(local.s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: "NotFound",
  });
});

test("a conditional put succeeds only when the object does not exist", async () => {
  await put("x", "first", { IfNoneMatch: "*" });
  await expect(put("x", "second", { IfNoneMatch: "*" })).rejects.toMatchObject({
    name: "PreconditionFailed",
  });
});

test("a bucket lists its objects by prefix, in pages, in the order of their keys", async () => {
  const keys = ["a/2", "a/1", "b&<>/1", "a/10"];
  for (const key of keys) await put(key, "x");
  const all = await list();
  expect(all.Contents?.map(({ Key }) => Key)).toEqual(["a/1", "a/10", "a/2", "b&<>/1"]);
  const first = await list({ Prefix: "a/", MaxKeys: 2 });
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["a/1", "a/10"]);
  expect(first.IsTruncated).toBe(true);
  const rest = await list({ Prefix: "a/", ContinuationToken: first.NextContinuationToken });
  expect(rest.Contents?.map(({ Key }) => Key)).toEqual(["a/2"]);
  expect(rest.IsTruncated).toBe(false);
});
