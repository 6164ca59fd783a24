import type { AwsError } from "../http/aws-service.ts";
import type { StoredObject } from "./local-s3.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function errorXml(error: AwsError): string {
  return `${DECLARATION}<Error><Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message></Error>`;
}

/** A page of a bucket's objects in the order of their keys' UTF-8 bytes. The token for the next page is its last key. */
export function listXml(
  bucket: string,
  objects: readonly StoredObject[],
  query: URLSearchParams,
): string {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const most = Math.min(Number(query.get("max-keys") ?? 1000), 1000);
  const matching = objects
    .filter(({ key }) => key.startsWith(prefix) && compareBytes(key, after) > 0)
    .sort((one, other) => compareBytes(one.key, other.key));
  const page = matching.slice(0, most);
  const truncated = matching.length > page.length;
  const next = truncated ? element("NextContinuationToken", page.at(-1)?.key ?? "") : "";
  return (
    `${DECLARATION}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    element("Name", bucket) +
    element("Prefix", prefix) +
    element("KeyCount", String(page.length)) +
    element("MaxKeys", String(most)) +
    element("IsTruncated", String(truncated)) +
    next +
    page.map(objectXml).join("") +
    "</ListBucketResult>"
  );
}

function objectXml(object: StoredObject): string {
  return (
    "<Contents>" +
    element("Key", object.key) +
    element("LastModified", object.modified.toISOString()) +
    element("ETag", object.etag) +
    element("Size", String(object.content.length)) +
    "<StorageClass>STANDARD</StorageClass></Contents>"
  );
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
