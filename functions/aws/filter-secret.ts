import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

export interface FilterSecretOptions {
  /** Null when the stack has none. */
  readonly arn: string | null;
  /** Called with the error of each failed attempt to read the secret. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** The timeouts are short, because the invocation, and so all environments, wait for the read. */
const CLIENT = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 1000, throwOnRequestTimeout: true },
};
/** The pause between two reads that fail. */
const PAUSE_MS = 10_000;

/**
 * The secret of the filters: the key for the hashes of masked columns and for sealed failure
 * records. It is read once in the life of a function's process. While Secrets Manager does not give
 * it, only the subscribers that need it wait (`filtersWithoutSecret`), and invocations try to read
 * it again.
 */
export class FilterSecret {
  readonly #arn: string | null;
  readonly #onFailure: FilterSecretOptions["onFailure"];
  readonly #now: () => number;
  #value: string | null = null;
  #nextAttemptMs = -Infinity;

  constructor({ arn, onFailure, now = () => performance.now() }: FilterSecretOptions) {
    this.#arn = arn;
    this.#onFailure = onFailure;
    this.#now = now;
  }

  /** The secret; null when the stack has none, or when it could not be read yet. */
  get value(): string | null {
    return this.#value;
  }

  /** Whether the stack has a secret that could not be read yet. */
  get isUnread(): boolean {
    return this.#arn !== null && this.#value === null;
  }

  /** Reads the secret if it is unread and the last attempt was a while ago. Never rejects. */
  async read(): Promise<void> {
    if (this.#arn === null || this.#value !== null || this.#now() < this.#nextAttemptMs) return;
    this.#nextAttemptMs = this.#now() + PAUSE_MS;
    const client = new SecretsManagerClient(CLIENT);
    try {
      const { SecretString: secret } = await client.send(
        new GetSecretValueCommand({ SecretId: this.#arn }),
      );
      if (secret === undefined || secret === "") throw new RangeError("the secret is empty");
      this.#value = secret;
    } catch (error) {
      this.#onFailure(error);
    } finally {
      client.destroy();
    }
  }
}
