import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createConnection, type Connection } from "mysql2/promise";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import { startProcess } from "../start/local-stack.ts";

/** A whole router on a real MySQL, run by infra/local, with an account for each environment. */
export interface Router extends AsyncDisposable {
  readonly stack: StackFile;
  readonly sqs: SQSClient;
  /** The directory of the parts' logs. */
  readonly logDirectory: string;
  /** Opens a connection of the environment's user, with the time zone UTC. */
  readonly connectAs: (environment: string) => Promise<Connection>;
  /** Returns the environment variables of an application in an environment. */
  readonly variablesOf: (environment: string) => Record<string, string>;
}

/**
 * Starts a router with the environments `production` and `staging` of the source `shop`, whose
 * tables are `shop.*`.
 */
export async function startRouter(subscribers: Record<string, unknown>): Promise<Router> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-"));
  started.defer(() => rm(directory, { recursive: true }));
  const file = join(directory, "config.json");
  await writeFile(
    file,
    JSON.stringify({
      name: "shop",
      source: { tables: ["shop.*"] },
      environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
      subscribers,
    }),
  );
  const process = started.use(startProcess(["--no-demo", "--config", file]));
  const stack = await process.ready();
  const { region, accessKeyId, secretAccessKey, sqsEndpoint } = stack.aws;
  const credentials = { accessKeyId, secretAccessKey };
  const sqs = new SQSClient({ region, endpoint: sqsEndpoint, credentials });
  started.defer(() => sqs.destroy());
  const running = started.move();
  return {
    stack,
    sqs,
    logDirectory: join(process.stateDirectory, "log"),
    async connectAs(environment) {
      const { host, port } = stack.mysql;
      const account = stack.environments[environment]?.users[0];
      const connection = await createConnection({ host, port, database: "shop", ...account });
      await connection.query("SET time_zone = '+00:00'");
      return connection;
    },
    variablesOf: (environment) => ({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_SQS: sqsEndpoint,
      APP_ENV: environment,
      BINLOG_ROUTER_SOURCE: "shop",
    }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
