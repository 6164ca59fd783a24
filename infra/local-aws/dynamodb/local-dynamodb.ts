import { jsonError, jsonResponse, parseJsonCall, type JsonObject } from "../http/aws-json.ts";
import type { AwsCall, AwsRequest, AwsResponse, AwsService } from "../http/aws-service.ts";
import { Capacity } from "./capacity.ts";
import { closeIterators } from "./close-iterators.ts";
import { Dynalite } from "./dynalite.ts";
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
  readonly #dynalite: Dynalite;
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
    this.#dynalite = new Dynalite(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dynalite[Symbol.asyncDispose]();
  }

  open(request: AwsRequest): AwsCall {
    const { action, input } = parseJsonCall(request);
    return {
      action,
      resource: tableOf(input),
      answer: () =>
        isSigned(request) ? this.#answer(action, input, request.body.length) : UNSIGNED,
      refuse: (error) => jsonError("1.0", NAMESPACE, error),
    };
  }

  async #answer(
    action: string,
    input: JsonObject | undefined,
    requestBytes: number,
  ): Promise<AwsResponse> {
    const table = tableOf(input);
    if (input !== undefined && table !== undefined && isSettingsAction(action)) {
      const description = await this.#dynalite.call("DescribeTable", { TableName: table });
      if (description.status !== 200) return description;
      return jsonResponse("1.0", 200, this.#settings.answer(action, table, input));
    }
    if (action === "DeleteTable" && table !== undefined) this.#settings.forget(table);
    const response = await this.#dynalite.call(action, input);
    if (table !== undefined) {
      this.capacity.count(action, table, requestBytes, response.body.length);
    }
    if (action.endsWith("Table")) return this.#withOwnArns(response);
    return input?.["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD"
      ? this.#withItem(input, response)
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
  async #withItem(input: JsonObject, response: AwsResponse): Promise<AwsResponse> {
    if (response.status !== 400) return response;
    const error = JSON.parse(String(response.body)) as JsonObject;
    if (!String(error["__type"]).endsWith("#ConditionalCheckFailedException")) return response;
    const table = String(input["TableName"]);
    const found = await this.#dynalite.call("GetItem", {
      TableName: table,
      Key: input["Key"] ?? (await this.#keyOf(table, input["Item"] as JsonObject)),
      ConsistentRead: true,
    });
    const { Item } = JSON.parse(String(found.body)) as JsonObject;
    return jsonResponse("1.0", 400, { ...error, ...(Item === undefined ? {} : { Item }) });
  }

  async #keyOf(table: string, item: JsonObject): Promise<JsonObject> {
    const response = await this.#dynalite.call("DescribeTable", { TableName: table });
    const description = JSON.parse(String(response.body)) as {
      Table: { KeySchema: { AttributeName: string }[] };
    };
    return Object.fromEntries(
      description.Table.KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]),
    );
  }
}

/** Whether a request has a signature, whichever. */
function isSigned({ headers: { authorization }, url }: AwsRequest): boolean {
  return authorization?.startsWith("AWS4-") ?? url.includes("X-Amz-Algorithm=");
}

const UNSIGNED = jsonError("1.0", "com.amazon.coral.service", {
  code: "MissingAuthenticationTokenException",
  status: 400,
  message: "Request is missing Authentication Token",
});

/**
 * The name of the table that a call concerns; for a batch, the first table. The request may contain
 * its ARN.
 */
function tableOf(input: JsonObject = {}): string | undefined {
  const name =
    input["TableName"] ?? input["ResourceArn"] ?? Object.keys(input["RequestItems"] ?? {})[0];
  return typeof name === "string" ? name.slice(name.lastIndexOf("/") + 1) : undefined;
}
