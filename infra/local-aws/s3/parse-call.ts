import type { AwsRequest } from "../http/aws-service.ts";

export interface S3Target {
  readonly action: string;
  readonly bucket: string;
  /** "" for a call that concerns the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

const OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  PUT: "PutObject",
  GET: "GetObject",
  HEAD: "HeadObject",
  DELETE: "DeleteObject",
};

const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  PUT: "CreateBucket",
  GET: "ListObjectsV2",
  HEAD: "HeadBucket",
  DELETE: "DeleteBucket",
};

/**
 * Parses a request. The action follows from its method and its path-style address; a query such as
 * `?uploads` changes it.
 */
export function parseS3Call(request: AwsRequest): S3Target {
  const url = new URL(request.url, "http://s3");
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
  const actions = key === "" ? BUCKET_ACTIONS : OBJECT_ACTIONS;
  const subresource = [...url.searchParams.keys()].find((name) => !KNOWN_QUERY.has(name));
  const action = actions[request.method] ?? request.method;
  return {
    action: subresource === undefined ? action : `${request.method}?${subresource}`,
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
    query: url.searchParams,
  };
}

const KNOWN_QUERY = new Set([
  "x-id",
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "start-after",
  "continuation-token",
  "encoding-type",
]);
