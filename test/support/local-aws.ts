import {
  type LocalAwsWithClients,
  startLocalAwsWithClients,
} from "@binlog-router/local-aws/clients";
import type { LocalAws } from "@binlog-router/local-aws";
import { afterAll, beforeAll } from "vitest";

/** The stand-ins of a test file, and a client of each. */
export type TestAws = LocalAws & Omit<LocalAwsWithClients, "aws" | keyof AsyncDisposable>;

/**
 * Starts the stand-ins before the first test of the calling file and stops them after the last one.
 * What is read from the result earlier throws.
 */
export function useLocalAws(): TestAws {
  let started: LocalAwsWithClients | undefined;
  const running = (): LocalAwsWithClients => {
    if (started === undefined) throw new Error("the stand-ins start before the first test");
    return started;
  };
  const dispose = async (): Promise<void> => started?.[Symbol.asyncDispose]();

  beforeAll(async () => {
    started = await startLocalAwsWithClients();
  });
  afterAll(dispose);

  return {
    get sqs() {
      return running().sqs;
    },
    get dynamodb() {
      return running().dynamodb;
    },
    get secretsManager() {
      return running().secretsManager;
    },
    get s3() {
      return running().s3;
    },
    get region() {
      return running().aws.region;
    },
    get accountId() {
      return running().aws.accountId;
    },
    get credentials() {
      return running().aws.credentials;
    },
    get endpoints() {
      return running().aws.endpoints;
    },
    get faults() {
      return running().aws.faults;
    },
    get clock() {
      return running().aws.clock;
    },
    get queues() {
      return running().aws.queues;
    },
    consumedUnits: () => running().aws.consumedUnits(),
    environment: () => running().aws.environment(),
    callSqs: (...call) => running().aws.callSqs(...call),
    counts: (service) => running().aws.counts(service),
    [Symbol.asyncDispose]: dispose,
  };
}
