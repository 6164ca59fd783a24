import { zstdDecompressSync } from "node:zlib";
import type { Clients } from "../../../functions/aws/clients.ts";
import { aroundRequests, inputOf } from "./around-requests.ts";

/**
 * Everything that AWS clients send: the texts and bytes of all requests, compressed ones unpacked.
 */
export class WrittenBytes {
  readonly #written: Buffer[] = [];

  watch({ sqs, dynamodb, s3 }: Clients): void {
    const take = (input: unknown): void => this.take(input);
    aroundRequests(sqs, (request, send) => (take(inputOf(request)), send()));
    dynamodb.middlewareStack.add((next) => (args) => (take(args.input), next(args)), STEP);
    s3.middlewareStack.add((next) => (args) => (take(args.input), next(args)), STEP);
  }

  add(bytes: Uint8Array | string): void {
    this.#written.push(Buffer.from(bytes as Uint8Array));
  }

  /**
   * How many of the writes contain the text: plain, or in base64 at any of its three alignments.
   */
  holding(text: string): number {
    const forms = [Buffer.from(text), ...base64Forms(text).map((form) => Buffer.from(form))];
    return this.#written.filter((bytes) => forms.some((form) => bytes.includes(form))).length;
  }

  get bytes(): number {
    return this.#written.reduce((sum, { length }) => sum + length, 0);
  }

  /** Collects all texts and bytes in a value. */
  take(value: unknown): void {
    if (typeof value === "string") this.#written.push(Buffer.from(value));
    else if (value instanceof Uint8Array) {
      this.#written.push(Buffer.from(value));
      if (value.length >= 4 && Buffer.from(value).readUInt32LE(0) === ZSTD_MAGIC)
        this.add(zstdDecompressSync(value));
    } else if (typeof value === "object" && value !== null) {
      for (const inner of value instanceof Set ? value : Object.values(value)) this.take(inner);
    }
  }
}

const STEP = { step: "initialize", name: "WrittenBytes" } as const;
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The base64 of a text inside a longer one, for each of the three alignments, without the
 * characters that depend on its neighbours.
 */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString("base64");
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
}
