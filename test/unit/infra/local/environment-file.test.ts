import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { environmentFile } from "../../../../infra/local/environment-file.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";

const PASSWORD = "it's $HOME `x`";
const STACK: StackFile = {
  ready: true,
  mysql: { host: "127.0.0.1", port: 3306, user: "root", password: "p" },
  aws: {
    region: "us-east-1",
    accessKeyId: "local",
    secretAccessKey: "local",
    sqsEndpoint: "http://127.0.0.1:1",
    dynamodbEndpoint: "http://127.0.0.1:2",
    s3Endpoint: "http://127.0.0.1:3",
    secretsManagerEndpoint: "http://127.0.0.1:4",
  },
  environments: {
    "blue-green": { users: [{ user: "app", password: PASSWORD }], queues: {} },
    unrouted: { users: [], queues: {} },
  },
  tables: { offsets: "o", failures: "f", sessions: "s" },
  payloadBucket: "payloads",
  processes: { main: 1 },
};

test("a shell that sources it has the addresses and accounts, and no profile of the developer's", () => {
  const script = `${environmentFile(STACK, "shop")}env --null`;
  const output = execFileSync("sh", ["-c", script], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], AWS_PROFILE: "work", AWS_SESSION_TOKEN: "t" },
  });
  const variables = new Map(
    output.split("\0").map((line): [string, string] => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")];
    }),
  );
  expect(Object.fromEntries(variables)).toMatchObject({
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:3",
    BINLOG_ROUTER_SOURCE: "shop",
    MYSQL_TCP_PORT: "3306",
    MYSQL_USER_BLUE_GREEN: "app",
    MYSQL_PASSWORD_BLUE_GREEN: PASSWORD,
  });
  for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN", "MYSQL_USER_UNROUTED"]) {
    expect(variables.has(name)).toBe(false);
  }
});
