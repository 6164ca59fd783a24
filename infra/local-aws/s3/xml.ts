import type { AwsError } from "../http/aws-service.ts";
import { textElement } from "../http/xml.ts";
import type { StoredObject } from "./stored-object.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function errorXml(error: AwsError): string {
  return `${DECLARATION}<Error>${textElement("Code", error.code)}${textElement("Message", error.message)}</Error>`;
}

/**
 * A page of a bucket's objects, sorted by the UTF-8 bytes of their keys. The token for the next
 * page is the last key of this page.
 */
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
  const next = truncated ? textElement("NextContinuationToken", page.at(-1)?.key ?? "") : "";
  return (
    `${DECLARATION}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    textElement("Name", bucket) +
    textElement("Prefix", prefix) +
    textElement("KeyCount", String(page.length)) +
    textElement("MaxKeys", String(most)) +
    textElement("IsTruncated", String(truncated)) +
    next +
    page.map(objectXml).join("") +
    "</ListBucketResult>"
  );
}

function objectXml(object: StoredObject): string {
  return (
    "<Contents>" +
    textElement("Key", object.key) +
    textElement("LastModified", object.modified.toISOString()) +
    textElement("ETag", object.etag) +
    textElement("Size", String(object.size)) +
    "<StorageClass>STANDARD</StorageClass></Contents>"
  );
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
