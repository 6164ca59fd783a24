import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ConnectionOptions } from "mysql2/promise";
import {
  connectionOptions,
  type SourceAddress,
} from "../../../reader/source/connection-options.ts";
import { secretCredentials } from "../../../reader/source/credentials.ts";
import { withPatience } from "../../shared/aws-patience.ts";
import { disposable } from "../../shared/target.ts";

/**
 * The options for logging in with the account in a secret. It is in a file of its own, so that the
 * AWS SDK is loaded only where a secret is read.
 */
export async function accountInSecret(
  address: SourceAddress,
  secretArn: string,
): Promise<ConnectionOptions> {
  using secrets = disposable(new SecretsManagerClient(withPatience()));
  const credentials = secretCredentials(async () => {
    const answer = await secrets.client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return answer.SecretString ?? "";
  });
  return await connectionOptions(address, credentials);
}
