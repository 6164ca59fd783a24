import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { OwnTroubleError } from "../ground/errors.ts";

/**
 * Reads the secret of the filters, the key for the hashes of masked columns, once at the function's
 * start. Null when the stack has none. Rejects with OwnTroubleError; the function then does not
 * start, so that nothing is delivered with another key.
 */
export async function readFilterSecret(arn: string | null): Promise<string | null> {
  if (arn === null) return null;
  const client = new SecretsManagerClient({});
  try {
    const { SecretString: secret } = await client.send(
      new GetSecretValueCommand({ SecretId: arn }),
    );
    if (secret === undefined || secret === "") throw new RangeError("the secret is empty");
    return secret;
  } catch (cause) {
    throw new OwnTroubleError("the secret of the filters cannot be read from Secrets Manager", {
      cause,
    });
  } finally {
    client.destroy();
  }
}
