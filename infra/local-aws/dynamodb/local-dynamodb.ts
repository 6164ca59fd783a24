import { once } from "node:events";
import type { Server } from "node:http";
import dynalite from "dynalite";
import { jsonError, jsonResponse, parseJsonCall, type JsonObject } from "../http/aws-json.ts";
import type { AwsCall, AwsRequest, AwsResponse, AwsService } from "../http/aws-service.ts";
import { callDynalite } from "./call-dynalite.ts";
import { Capacity } from "./capacity.ts";
import { closeIterators } from "./close-iterators.ts";
import { isSettingsAction, TableSettings } from "./table-settings.ts";

closeIterators();

const NAMESPACE = "com.amazonaws.dynamodb.v20120810";
const CONTENT_TYPE = { "content-type": "application/x-amz-json-1.0" };

/**
 * DynamoDB in memory or in a directory: dynalite with additions for the API that this project uses.
 * It has no transactions and no streams, and items do not expire.
 */
export class LocalDynamoDB implements AwsService, AsyncDisposable {
  readonly name = "dynamodb";
  readonly #dynalite: Server;
  readonly #isKept: boolean;
  readonly #settings = new TableSettings();
  readonly capacity = new Capacity();
  readonly #arnPrefix: string;

  /** `path`: the directory of the tables; left out: in memory. */
  constructor(options: {
    readonly region: string;
    readonly accountId: string;
    readonly path?: string;
  }) {
    const { region, accountId, path } = options;
    this.#arnPrefix = `arn:aws:dynamodb:${region}:${accountId}:`;
    const atOnce = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
    this.#dynalite = dynalite({ ...atOnce, ...(path !== undefined && { path }) });
    this.#isKept = path !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKept) return;
    // dynalite closes its files when its server closes, and only a listening server can close.
    this.#dynalite.listen(0, "127.0.0.1");
    await once(this.#dynalite, "listening");
    const closed = Promise.withResolvers<void>();
    this.#dynalite.close(() => closed.resolve());
    await closed.promise;
  }

  open(request: AwsRequest): AwsCall {
    const { action, input = {} } = parseJsonCall(request);
    return {
      action,
      resource: tableOf(input),
      answer: () => this.#answer(request, action, input),
      refuse: (error) => jsonError("1.0", NAMESPACE, error),
    };
  }

  async #answer(request: AwsRequest, action: string, input: JsonObject): Promise<AwsResponse> {
    const table = tableOf(input);
    if (isSettingsAction(action) && table !== undefined) {
      const description = await this.#ask(request, "DescribeTable", { TableName: table });
      if (description.status !== 200) return description;
      return jsonResponse("1.0", 200, this.#settings.answer(action, table, input));
    }
    if (action === "DeleteTable" && table !== undefined) this.#settings.forget(table);
    const response = await callDynalite(this.#dynalite, request.headers, request.body);
    if (table !== undefined) {
      this.capacity.count(action, table, request.body.length, response.body.length);
    }
    if (action.endsWith("Table")) return this.#withOwnArns(response);
    return input["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD"
      ? this.#withItem(request, input, response)
      : response;
  }

  /**
   * Corrects region and account in the ARNs of a table's description. dynalite takes them from the
   * process's environment.
   */
  #withOwnArns(response: AwsResponse): AwsResponse {
    const text = String(response.body);
    const body = text.replaceAll(/"arn:aws:dynamodb:[^:"]*:\d*:/g, `"${this.#arnPrefix}`);
    return { status: response.status, headers: CONTENT_TYPE, body };
  }

  /**
   * Adds to the answer of a failed condition the item that failed it, which dynalite omits. The
   * item is read after the check, so with parallel writers it may be newer than the item that
   * failed.
   */
  async #withItem(
    request: AwsRequest,
    input: JsonObject,
    response: AwsResponse,
  ): Promise<AwsResponse> {
    if (response.status !== 400) return response;
    const error = JSON.parse(String(response.body)) as JsonObject;
    if (!String(error["__type"]).endsWith("#ConditionalCheckFailedException")) return response;
    const table = String(input["TableName"]);
    const found = await this.#ask(request, "GetItem", {
      TableName: table,
      Key: input["Key"] ?? (await this.#keyOf(request, table, input["Item"] as JsonObject)),
      ConsistentRead: true,
    });
    const { Item } = JSON.parse(String(found.body)) as JsonObject;
    return jsonResponse("1.0", 400, { ...error, ...(Item === undefined ? {} : { Item }) });
  }

  async #keyOf(request: AwsRequest, table: string, item: JsonObject): Promise<JsonObject> {
    const response = await this.#ask(request, "DescribeTable", { TableName: table });
    const description = JSON.parse(String(response.body)) as {
      Table: { KeySchema: { AttributeName: string }[] };
    };
    return Object.fromEntries(
      description.Table.KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]),
    );
  }

  /** Calls dynalite with the credentials of a request. */
  #ask(request: AwsRequest, action: string, input: JsonObject): Promise<AwsResponse> {
    const headers = { ...request.headers, "x-amz-target": `DynamoDB_20120810.${action}` };
    return callDynalite(this.#dynalite, headers, JSON.stringify(input));
  }
}

/**
 * The name of the table that a call concerns; for a batch, the first table. The request may contain
 * its ARN.
 */
function tableOf(input: JsonObject): string | undefined {
  const name =
    input["TableName"] ?? input["ResourceArn"] ?? Object.keys(input["RequestItems"] ?? {})[0];
  return typeof name === "string" ? name.slice(name.lastIndexOf("/") + 1) : undefined;
}
