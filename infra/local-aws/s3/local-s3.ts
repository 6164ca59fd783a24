import { createHash } from "node:crypto";
import type {
  AwsCall,
  AwsError,
  AwsRequest,
  AwsResponse,
  AwsService,
} from "../http/aws-service.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import { errorXml, listXml } from "./xml.ts";
import { parseS3Call, type S3Target } from "./parse-call.ts";
import type { KeptObjects } from "./kept-objects.ts";
import type { StoredObject } from "./stored-object.ts";

/** S3 in memory or in a directory: create, put, get, head, delete, list; path-style addresses. */
export class LocalS3 implements AwsService {
  readonly name = "s3";
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #kept: KeptObjects | undefined;

  constructor(kept?: KeptObjects) {
    this.#kept = kept;
  }

  open(request: AwsRequest): AwsCall {
    const target = parseS3Call(request);
    return {
      action: target.action,
      resource: target.bucket,
      answer: () => this.#answer(target, request),
      refuse,
    };
  }

  #answer(target: S3Target, request: AwsRequest): AwsResponse {
    const { action, bucket, key } = target;
    const objects = this.#buckets.get(bucket);
    if (action === "CreateBucket") {
      if (objects !== undefined) return failure("BucketAlreadyOwnedByYou", 409);
      this.#buckets.set(bucket, this.#kept?.of(bucket) ?? new Map());
      return { status: 200, headers: { location: `/${bucket}` }, body: "" };
    }
    if (objects === undefined) return failure("NoSuchBucket", 404);
    switch (action) {
      case "HeadBucket":
        return { status: 200, headers: {}, body: "" };
      case "ListObjectsV2":
        return {
          status: 200,
          headers: { "content-type": "application/xml" },
          body: listXml(bucket, [...objects.values()], target.query),
        };
      case "PutObject":
        return this.#put(objects, bucket, key, request);
      case "DeleteObject":
        this.#kept?.remove(bucket, key);
        objects.delete(key);
        return { status: 204, headers: {}, body: "" };
      case "GetObject":
      case "HeadObject": {
        const object = objects.get(key);
        if (object === undefined) return failure("NoSuchKey", 404);
        return {
          status: 200,
          headers: {
            ...object.headers,
            etag: object.etag,
            "last-modified": object.modified.toUTCString(),
            "content-length": String(object.size),
          },
          body: action === "HeadObject" ? "" : object.read(),
        };
      }
      default:
        return failure("NotImplemented", 501);
    }
  }

  #put(
    objects: Map<string, StoredObject>,
    bucket: string,
    key: string,
    request: AwsRequest,
  ): AwsResponse {
    const { headers } = request;
    const chunked = headers["content-encoding"]?.includes("aws-chunked") === true;
    const { content, trailers } = chunked
      ? decodeAwsChunked(request.body)
      : { content: request.body, trailers: new Map<string, string>() };
    const kept: Record<string, string> = {};
    for (const [name, value] of [...Object.entries(headers), ...trailers]) {
      const comesBack = name === "content-type" || /^x-amz-(meta-|checksum-(crc|sha))/.test(name);
      if (comesBack && typeof value === "string") kept[name] = value;
    }
    if (headers["if-none-match"] === "*" && objects.has(key))
      return failure("PreconditionFailed", 412);
    const etag = `"${createHash("md5").update(content).digest("hex")}"`;
    const description = { key, size: content.length, etag, modified: new Date(), headers: kept };
    const object = { ...description, read: () => content };
    objects.set(key, this.#kept?.put(bucket, object) ?? object);
    return { status: 200, headers: { etag }, body: "" };
  }
}

function refuse(error: AwsError): AwsResponse {
  const headers = { "content-type": "application/xml" };
  return { status: error.status, headers, body: errorXml(error) };
}

function failure(code: string, status: number): AwsResponse {
  return refuse({ code, status, message: `${code} (local stand-in)` });
}
