import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { LeanSends } from "./frames/lean-sends.ts";
import { withPlainBodies } from "../wire/plain-bodies.ts";
import { RequestHash } from "../wire/request-hash.ts";
import { PayloadBucket } from "./frames/payload-bucket.ts";
import { OffsetStore } from "./offsets/offset-store.ts";
import { HealthEndpoint } from "./reporting/health.ts";
import { createLog, describeError } from "./reporting/log.ts";
import { reportMetrics } from "./reporting/metrics.ts";
import { ReaderStatus } from "./reporting/status.ts";
import { runReader } from "./run-reader.ts";
import { parseReaderSettings, ReaderSettingsError } from "./settings.ts";
import { secretCredentials } from "./source/credentials.ts";

/**
 * The timeouts detect an unanswered call long before the lease runs out. The SDK must not retry
 * frames: the frame sender retries them, and checks the lease each time.
 */
const CALLS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
};

// The reader's process. It exits with 1 on an unexpected error, and, where BLOCKED_SECONDS is 0, on
// an error that a person must act on. On SIGTERM and SIGINT it sends what it has read and exits
// with 0.
process.exitCode = await main();

async function main(): Promise<number> {
  const log = createLog("info", process.env["SOURCE_NAME"] ?? "");
  try {
    await run();
    return 0;
  } catch (error) {
    log.error(
      { error: describeError(error) },
      error instanceof ReaderSettingsError ? "cannot start" : "stopped by an error",
    );
    return 1;
  }
}

async function run(): Promise<void> {
  const settings = parseReaderSettings(process.env);
  const log = createLog(settings.logLevel, settings.source);
  const status = new ReaderStatus();
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  await using parts = new AsyncDisposableStack();
  const closing = <Client extends { destroy(): void }>(client: Client): Client =>
    parts.adopt(client, (one) => one.destroy());
  const secrets = closing(new SecretsManagerClient(CALLS));
  const dynamodb = closing(new DynamoDBClient(CALLS));
  if (settings.healthPort !== null) {
    const { port } = parts.use(await HealthEndpoint.listen(settings.healthPort, status));
    log.info({ port }, "answering health checks");
  }
  parts.use(reportMetrics(status, settings.source, log, settings.metricsEveryMs));
  await runReader(
    {
      settings,
      credentials: secretCredentials(async () => {
        const command = new GetSecretValueCommand({ SecretId: settings.secretArn });
        return (await secrets.send(command)).SecretString ?? "";
      }),
      // The request's signature covers its body, so the MD5 check of SQS's answer adds nothing.
      sends: new LeanSends(
        closing(
          withPlainBodies(
            new SQSClient({ ...CALLS, maxAttempts: 1, md5: false, sha256: RequestHash }),
          ),
        ),
        settings.rawQueueUrl,
      ),
      payloads: parts.use(new PayloadBucket(settings.payloadBucket, CALLS)),
      dynamodb,
      store: new OffsetStore(dynamodb, settings.offsetsTable),
      status,
      log,
    },
    stop.signal,
  );
}
