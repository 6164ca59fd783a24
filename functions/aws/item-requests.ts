import {
  GetItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type GetItemCommandInput,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Item } from "../../wire/attributes.ts";
import { CopiedRequests } from "../../wire/copied-requests.ts";
import { RequestBuffers } from "../../wire/request-buffers.ts";

/**
 * Reads and writes items of one table that have no binary values: the SDK writes these as base64,
 * and copies of its requests have the JSON of the input. The first request of each kind is the
 * SDK's. When a copy has no success, the SDK repeats it, as it would repeat an attempt of its own,
 * and so names the error. docs/decisions/requests-without-the-sdk.md
 */
export class ItemRequests {
  readonly #client: DynamoDBClient;
  readonly #reads: CopiedRequests;
  readonly #updates: CopiedRequests;

  constructor(client: DynamoDBClient) {
    this.#client = client;
    const buffers = new RequestBuffers();
    this.#reads = new CopiedRequests(client, buffers);
    this.#updates = new CopiedRequests(client, buffers);
  }

  /** An item without attributes when there is none. */
  async get(input: GetItemCommandInput): Promise<Item> {
    const bySdk = () => {
      const command = new GetItemCommand(input);
      return this.#reads.bySdk(command, () => this.#client.send(command, {}));
    };
    const { Item: item = {} }: { readonly Item?: Item | undefined } =
      (await this.#reads.tryCopy(() => [jsonOf(input)], {})) ?? (await bySdk());
    return item;
  }

  /** Throws what the SDK throws, such as ConditionalCheckFailedException. */
  async update(input: UpdateItemCommandInput): Promise<void> {
    if ((await this.#updates.tryCopy(() => [jsonOf(input)], {})) !== null) return;
    const command = new UpdateItemCommand(input);
    await this.#updates.bySdk(command, () => this.#client.send(command, {}));
  }
}

function jsonOf(input: object): Buffer {
  return Buffer.from(JSON.stringify(input));
}
