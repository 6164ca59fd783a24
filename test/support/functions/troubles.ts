import type { FaultEffect } from "@binlog-router/local-aws";
import type { RetryRuntime } from "../../../functions/retry/retry-handler.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import { SOURCE, TestLane, type TestChange } from "./frames.ts";
import type { Stage } from "./stage.ts";
import { parkCopies } from "./unknown-connections.ts";

/** `search` gets `shop.formatted` in a format that leaves statements out. */
export const ROUTING = {
  environments: {
    production: { users: ["app_prod"] },
    staging: { users: ["app_staging"] },
  },
  subscribers: {
    billing: { tables: ["shop.orders", "shop.control", "shop.odd"] },
    search: { tables: ["shop.formatted"], format: "debezium" },
  },
} as const;

const BILLING = environmentQueueName(SOURCE, "billing", "staging");
const SEARCH = environmentQueueName(SOURCE, "search", "staging");

/** The table of staging's changes on which our own code fails while it is faulty. */
const ODD_TABLE = "shop.odd";

/** A trouble of staging. */
export interface Trouble {
  readonly name: string;
  readonly seconds: number;
  /** The queue that route gives up on, and after how long at most; null: all queues accept. */
  readonly gives: { readonly up: string; readonly withinMs: number } | null;
  /** The queues whose streams are open during the trouble. */
  readonly parks: readonly string[];
  /** Additional changes in the frames of the shared lane. */
  readonly further?: (frame: number) => readonly TestChange[];
  /** Starts the trouble; resolves to a function that ends it. */
  readonly begin: (rig: TroubleRig) => Promise<() => void>;
}

interface TroubleRig {
  readonly stage: Stage;
  readonly runtime: RetryRuntime;
  readonly ownCode: OwnCode;
}

/** The functions' own code; a mistake for staging's queue can be switched on in it. */
export class OwnCode {
  isFaulty = false;

  readonly altered = (rules: RetryRuntime["rules"]): RetryRuntime["rules"] => ({
    ...rules,
    regroup: (group) => {
      if (this.isFaulty && group === ODD_TABLE) throw new TypeError("a mistake in our own code");
      return group;
    },
  });
}

/** `withinMs`: the limit while the machine is not busy. */
function queueTrouble(
  name: string,
  effect: FaultEffect,
  withinMs: number,
  queueName = BILLING,
): Omit<Trouble, "seconds"> {
  return {
    name,
    gives: { up: queueName, withinMs },
    parks: [queueName],
    begin: async ({ stage }) => {
      const rule = { service: "sqs", action: "SendMessage*", resource: queueName, effect } as const;
      const fault = stage.aws.faults.add(rule);
      return () => fault.remove();
    },
  };
}

export const TROUBLES: readonly Trouble[] = [
  {
    ...queueTrouble(
      "its queue is deleted",
      { kind: "error", code: "AWS.SimpleQueueService.NonExistentQueue" },
      100,
    ),
    seconds: 2,
  },
  {
    ...queueTrouble("its queue is denied", { kind: "error", code: "AccessDenied" }, 100),
    seconds: 2,
  },
  {
    ...queueTrouble("its queue is throttled", { kind: "error", code: "RequestThrottled" }, 300),
    seconds: 2,
  },
  { ...queueTrouble("its queue is silent", { kind: "delay", ms: 600_000 }, 300), seconds: 4 },
  { ...queueTrouble("its queue refuses connections", { kind: "reset" }, 300), seconds: 4 },
  { ...queueTrouble("its queue is slow", { kind: "delay", ms: 250 }, 300), seconds: 4 },
  {
    ...queueTrouble(
      "the queue of a format refuses, and statements come that the format leaves out",
      { kind: "error", code: "InternalFailure" },
      300,
      SEARCH,
    ),
    seconds: 2,
    further: (frame) => [
      { user: "app_staging", table: "shop.formatted", op: frame % 4 === 0 ? "c" : "ddl" },
    ],
  },
  {
    name: "our own code fails on one table's changes for its queue",
    gives: null,
    parks: [BILLING],
    seconds: 2,
    further: () => [{ user: "app_staging", table: ODD_TABLE }],
    begin: async ({ ownCode }) => {
      ownCode.isFaulty = true;
      return () => {
        ownCode.isFaulty = false;
      };
    },
  },
  {
    name: "ten frames a second bring changes of unknown connections",
    gives: null,
    parks: [],
    seconds: 2,
    further: (frame) => (frame % 4 === 0 ? [{ user: null, thread: 1_000_000 + frame }] : []),
    begin: async () => () => undefined,
  },
  // The last one, because it cannot be ended.
  {
    name: "the changes of 5,000 unknown connections are parked, and retry works on them",
    gives: null,
    parks: [],
    seconds: 2,
    begin: async ({ stage, runtime }) => {
      await parkCopies(stage, runtime, new TestLane(2), 5000);
      return () => undefined;
    },
  },
];
