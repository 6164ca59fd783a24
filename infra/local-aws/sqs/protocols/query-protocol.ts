import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../http/aws-json.ts";
import type { AwsResponse } from "../../http/aws-service.ts";
import { textElement } from "../../http/xml.ts";
import { MessageBody } from "../queues/message-body.ts";
import type { Protocol } from "./protocol.ts";

/**
 * The query protocol of older clients, such as Debian 12's `aws` and boto3: requests are form
 * fields, answers are XML. Lists and maps are flattened: `AttributeName.1=All`,
 * `Attribute.1.Name=DelaySeconds&Attribute.1.Value=5`.
 */
export const queryProtocol: Protocol = {
  parse(request) {
    const fields = new URLSearchParams(request.body.toString());
    const action = fields.get("Action") ?? "";
    const input = toInput(toTree(fields), action);
    // Old AWS SDKs for Java name the queue by the URL to which they send, not in the form.
    const QueueUrl = `http://${request.headers.host}${request.url}`;
    return { action, input: request.url === "/" ? input : { QueueUrl, ...input } };
  },

  succeed(action, output) {
    const result = `<${action}Result>${toXml(output, action)}</${action}Result>`;
    const id = textElement("RequestId", randomUUID());
    return xmlResponse(
      200,
      `<${action}Response ${NAMESPACE}>${result}<ResponseMetadata>${id}</ResponseMetadata></${action}Response>`,
    );
  },

  fail({ code, status, message, culprit }) {
    const error =
      textElement("Type", culprit) + textElement("Code", code) + textElement("Message", message);
    const id = textElement("RequestId", randomUUID());
    return xmlResponse(
      status,
      `<ErrorResponse ${NAMESPACE}><Error>${error}<Detail/></Error>${id}</ErrorResponse>`,
    );
  },
};

const NAMESPACE = 'xmlns="http://queue.amazonaws.com/doc/2012-11-05/"';

/** Form fields as a tree. Dots in their names separate the levels. */
type Tree = { [part: string]: Tree | string };

function toTree(fields: URLSearchParams): Tree {
  const tree: Tree = {};
  for (const [name, value] of fields) {
    const parts = name.split(".");
    const last = parts.pop() ?? "";
    let branch = tree;
    for (const part of parts) {
      const next = branch[part];
      branch = typeof next === "object" ? next : (branch[part] = {});
    }
    branch[last] = value;
  }
  return tree;
}

/**
 * The lists and maps in requests: the element's name, and the member's name in the JSON protocol.
 */
const LISTS: Readonly<Record<string, string>> = {
  AttributeName: "AttributeNames",
  MessageAttributeName: "MessageAttributeNames",
  MessageSystemAttributeName: "MessageSystemAttributeNames",
  TagKey: "TagKeys",
  SendMessageBatchRequestEntry: "Entries",
  DeleteMessageBatchRequestEntry: "Entries",
  ChangeMessageVisibilityBatchRequestEntry: "Entries",
};

const MAPS: Readonly<Record<string, { member: string; key: string }>> = {
  Attribute: { member: "Attributes", key: "Name" },
  MessageAttribute: { member: "MessageAttributes", key: "Name" },
  MessageSystemAttribute: { member: "MessageSystemAttributes", key: "Name" },
  Tag: { member: "Tags", key: "Key" },
};

const NUMBERS = new Set([
  "DelaySeconds",
  "MaxNumberOfMessages",
  "MaxNumberOfMessagesPerSecond",
  "MaxResults",
  "VisibilityTimeout",
  "WaitTimeSeconds",
]);

function toInput(tree: Tree, action: string): JsonObject {
  const input: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(tree)) {
    const list = LISTS[name];
    const map = MAPS[name];
    if (typeof value === "string") {
      input[name] = NUMBERS.has(name) ? Number(value) : value;
    } else if (list !== undefined) {
      // JavaScript iterates over integer keys in ascending order.
      input[list] = Object.values(value).map((entry) =>
        typeof entry === "string" ? entry : toInput(entry, action),
      );
    } else if (map !== undefined) {
      // In the JSON protocol only this member begins in lower case.
      const member = action === "CreateQueue" && name === "Tag" ? "tags" : map.member;
      input[member] = Object.fromEntries(
        Object.values(value).map((entry) => {
          const { [map.key]: key, Value } = typeof entry === "string" ? {} : entry;
          return [key, Value];
        }),
      );
    }
  }
  return input;
}

/**
 * The lists and maps in answers: the member's name in the JSON protocol, and the element's name.
 */
const LIST_ELEMENTS: Readonly<Record<string, (action: string) => string>> = {
  Messages: () => "Message",
  QueueUrls: () => "QueueUrl",
  queueUrls: () => "QueueUrl",
  Successful: (action) => `${action}ResultEntry`,
  Failed: () => "BatchResultErrorEntry",
  Results: (action) => `${action}ResultEntry`,
};

const MAP_ELEMENTS: Readonly<Record<string, { element: string; key: string }>> = Object.fromEntries(
  Object.entries(MAPS).map(([element, { member, key }]) => [member, { element, key }]),
);

function toXml(output: JsonObject, action: string): string {
  return Object.entries(output)
    .map(([name, value]) => {
      const list = LIST_ELEMENTS[name]?.(action);
      const map = MAP_ELEMENTS[name];
      if (list !== undefined && Array.isArray(value))
        return value.map((entry: unknown) => toElement(list, entry, action)).join("");
      if (map !== undefined) {
        return Object.entries(value as JsonObject)
          .map(([key, Value]) => toElement(map.element, { [map.key]: key, Value }, action))
          .join("");
      }
      return toElement(name, value, action);
    })
    .join("");
}

function toElement(name: string, value: unknown, action: string): string {
  if (value instanceof MessageBody) return textElement(name, value.text);
  return typeof value === "object" && value !== null
    ? `<${name}>${toXml(value as JsonObject, action)}</${name}>`
    : textElement(name, String(value));
}

function xmlResponse(status: number, body: string): AwsResponse {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return { status, headers: { "content-type": "text/xml" }, body: declaration + body };
}
