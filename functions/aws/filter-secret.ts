import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { OwnTroubleError } from "../ground/errors.ts";

/**
 * The secret of the filters, which keys the hashes of masked columns; null where the stack has
 * none. Read once, when the function starts. Rejects with OwnTroubleError: then the function does
 * not start, and nothing is delivered under another key.
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
    throw new OwnTroubleError("Secrets Manager does not give the secret of the filters", { cause });
  } finally {
    client.destroy();
  }
}
