import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readFilterSecret } from "../../../../functions/aws/filter-secret.ts";
import { OwnTroubleError } from "../../../../functions/ground/errors.ts";

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws();
  vi.stubEnv("AWS_REGION", aws.region);
  vi.stubEnv("AWS_ACCESS_KEY_ID", aws.credentials.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", aws.credentials.secretAccessKey);
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.endpoints.secretsManager);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

describe("the secret of the filters", () => {
  it("is read by its ARN", async () => {
    const client = new SecretsManagerClient({});
    const { ARN = "" } = await client.send(
      new CreateSecretCommand({ Name: "filters", SecretString: "the text" }),
    );
    client.destroy();
    expect(await readFilterSecret(ARN)).toBe("the text");
  });

  it("is none where the stack has none", async () => {
    expect(await readFilterSecret(null)).toBeNull();
  });

  it("keeps the function from starting when it cannot be read", async () => {
    await expect(
      readFilterSecret("arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone"),
    ).rejects.toThrow(OwnTroubleError);
  });
});
