import { createRequire } from "node:module";
import { create, type Store } from "dynalite/db/index.js";
import { checkTypes, checkValidations } from "dynalite/validations/index.js";
import { jsonError, jsonResponse, type JsonObject } from "../http/aws-json.ts";
import type { AwsResponse } from "../http/aws-service.ts";

type Callback = (error: unknown, output?: JsonObject) => void;

interface Operation {
  readonly types: object;
  readonly custom: object | undefined;
  readonly perform: (store: Store, data: object, callback: Callback) => void;
}

/** What dynalite throws, or calls back with, where DynamoDB refuses a request. */
interface Refusal {
  readonly statusCode: number;
  readonly body: JsonObject;
}

const ACTIONS = [
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "GetItem",
  "ListTables",
  "ListTagsOfResource",
  "PutItem",
  "Query",
  "Scan",
  "TagResource",
  "UntagResource",
  "UpdateItem",
  "UpdateTable",
];

const require = createRequire(import.meta.url);
const operations = new Map(ACTIONS.map((action) => [action, operationOf(action)]));

/**
 * dynalite without its HTTP server, which would parse each request a second time. Disposing closes
 * the files.
 */
export class Dynalite implements AsyncDisposable {
  readonly #store: Store;

  /** `path`: the directory of the tables; left out: in memory. */
  constructor(path: string | undefined) {
    const atOnce = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
    this.#store = create({ ...atOnce, ...(path !== undefined && { path }) });
  }

  /**
   * Performs an action. `input` undefined: the request was not a JSON object. Rejects when dynalite
   * itself fails.
   */
  call(action: string, input: JsonObject | undefined): Promise<AwsResponse> {
    const operation = operations.get(action);
    const { promise, resolve, reject } = Promise.withResolvers<AwsResponse>();
    const settle: Callback = (error, output = {}) => {
      if (error === null || error === undefined) resolve(jsonResponse("1.0", 200, output));
      else if (isRefusal(error)) resolve(jsonResponse("1.0", error.statusCode, error.body));
      else
        reject(
          error instanceof Error ? error : new TypeError("dynalite called back without an error"),
        );
    };
    if (operation === undefined) resolve(invalid("UnknownOperationException"));
    else if (input === undefined) resolve(invalid("SerializationException"));
    else this.#perform(operation, input, settle);
    return promise;
  }

  #perform({ types, custom, perform }: Operation, input: JsonObject, settle: Callback): void {
    try {
      const data = checkTypes({ ...input }, types);
      checkValidations(data, types, custom, this.#store);
      perform(this.#store, data, settle);
    } catch (error) {
      settle(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.lifecycleManager.gracefulClose();
  }
}

function operationOf(action: string): Operation {
  const name = action.charAt(0).toLowerCase() + action.slice(1);
  const { types, custom } = require(`dynalite/validations/${name}`) as Omit<Operation, "perform">;
  const perform = require(`dynalite/actions/${name}`) as Operation["perform"];
  return { types, custom, perform };
}

function isRefusal(error: unknown): error is Refusal {
  return typeof (error as Partial<Refusal>).statusCode === "number";
}

function invalid(code: string): AwsResponse {
  return jsonError("1.0", "com.amazon.coral.service", { code, status: 400, message: "" });
}
