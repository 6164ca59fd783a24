import { expect, test } from "vitest";
import { HelpRequested, parseOptions, UsageError } from "../../options.ts";

test("without arguments the ports are chosen by the system", () => {
  expect(parseOptions([])).toEqual({ region: "us-east-1", accountId: "000000000000" });
});

test("the services listen on consecutive ports", () => {
  expect(parseOptions(["--port", "4566", "--region", "eu-west-3"])).toEqual({
    region: "eu-west-3",
    accountId: "000000000000",
    ports: { sqs: 4566, dynamodb: 4567, secretsManager: 4568, s3: 4569 },
  });
});

test("an invalid port or account is refused", () => {
  expect(() => parseOptions(["--port", "http"])).toThrow(UsageError);
  expect(() => parseOptions(["--account-id", "me"])).toThrow(/twelve digits/);
  expect(() => parseOptions(["sqs"])).toThrow(UsageError);
});

test("help names every option", () => {
  expect(() => parseOptions(["--help"])).toThrow(HelpRequested);
  for (const option of ["--port", "--region", "--account-id"])
    expect(() => parseOptions(["--help"])).toThrow(option);
});
