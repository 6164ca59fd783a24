import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import type { Creation, ResourceToCreate } from "./create-resource.ts";
import { IncompleteTemplateError } from "./errors.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/** Creates an `AWS::SecretsManager::Secret` that holds the local MySQL's account instead of a generated password. */
export async function createSecret(
  { properties, generatedName }: ResourceToCreate,
  { clients, sourceCredentials, signal }: Creation,
): Promise<PhysicalResource> {
  const name = typeof properties["Name"] === "string" ? properties["Name"] : generatedName;
  const { ARN } = await clients.secretsManager.send(
    new CreateSecretCommand({ Name: name, SecretString: JSON.stringify(sourceCredentials) }),
    { abortSignal: signal },
  );
  if (ARN === undefined) throw new IncompleteTemplateError(`the secret ${name} got no ARN`);
  return { ref: ARN, attributes: { Id: ARN } };
}
