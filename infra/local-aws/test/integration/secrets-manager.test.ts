import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from "@aws-sdk/client-secrets-manager";
import { beforeAll, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

let local: LocalAwsWithClients;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  return () => local[Symbol.asyncDispose]();
});

const create = (Name: string, SecretString?: string) =>
  local.secretsManager.send(
    new CreateSecretCommand({ Name, ...(SecretString === undefined ? {} : { SecretString }) }),
  );

const get = (SecretId: string | undefined, VersionStage?: string) =>
  local.secretsManager.send(
    new GetSecretValueCommand({
      SecretId,
      ...(VersionStage === undefined ? {} : { VersionStage }),
    }),
  );

test("a secret is read by its name, its ARN, and its ARN without the random suffix", async () => {
  const { ARN = "" } = await create("by-name", "value");
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:by-name-\w{6}$/);
  for (const id of ["by-name", ARN, ARN.slice(0, -7)]) {
    expect(await get(id)).toMatchObject({ Name: "by-name", ARN, SecretString: "value" });
  }
});

test("a new value becomes the current one, and the previous value can still be read", async () => {
  await create("rotated", "old");
  const { VersionId } = await local.secretsManager.send(
    new PutSecretValueCommand({ SecretId: "rotated", SecretString: "new" }),
  );
  expect(await get("rotated")).toMatchObject({ SecretString: "new", VersionId });
  expect(await get("rotated", "AWSPREVIOUS")).toMatchObject({ SecretString: "old" });
  const described = await local.secretsManager.send(
    new DescribeSecretCommand({ SecretId: "rotated" }),
  );
  expect(described).not.toHaveProperty("SecretString");
  expect(Object.values(described.VersionIdsToStages ?? {})).toEqual([
    ["AWSPREVIOUS"],
    ["AWSCURRENT"],
  ]);
});

test("a secret may hold bytes", async () => {
  const SecretBinary = new Uint8Array([0, 128, 255]);
  await local.secretsManager.send(new CreateSecretCommand({ Name: "bytes", SecretBinary }));
  expect((await get("bytes")).SecretBinary).toEqual(SecretBinary);
});

test("a missing secret and a duplicate name are refused with their own exceptions", async () => {
  await expect(get("missing")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await create("without-value");
  await expect(get("without-value")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(create("without-value", "x")).rejects.toMatchObject({
    name: "ResourceExistsException",
  });
});
