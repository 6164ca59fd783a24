import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { GetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, onTestFinished, test } from "vitest";
import { withPatience } from "../../../../operator/shared/aws-patience.ts";

test("a client of AWS that gets no answer gives up", async () => {
  const silent = createServer((socket) => socket.on("error", () => undefined).resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const client = new DynamoDBClient({
    ...withPatience(50),
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const call = client.send(new GetItemCommand({ TableName: "t", Key: { id: { S: "a" } } }));
  await expect(call).rejects.toMatchObject({ name: "TimeoutError" });
});

test("every client of the commands does", () => {
  const made = globSync("operator/**/*.ts").flatMap((file) =>
    Array.from(readFileSync(file, "utf8").matchAll(/new \w+Client\((.*)\)/g), ([call]) => call),
  );
  expect(made.length).toBeGreaterThan(10);
  const others = made.filter((call) => !/\((withPatience\(\)|\{ \.\.\.common, )/.test(call));
  expect(others).toEqual([]);
});
