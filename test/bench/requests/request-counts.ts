import type { Connection, RowDataPacket } from "mysql2/promise";
import type { RequestCounts } from "@binlog-router/local-aws";
import type { SharedStack } from "../shared-stack.ts";

export interface QueueRequests {
  readonly sends: number;
  readonly receives: number;
  readonly deletes: number;
}

/** Requests since the stack's start; those to MySQL exclude the benchmarks' own. */
export interface Requests {
  readonly raw: QueueRequests;
  /** Requests to one environment's queue. */
  readonly environment: QueueRequests;
  readonly dynamodb: { readonly reads: number; readonly writes: number };
  readonly mysql: number;
}

/**
 * Counts the stack's requests so far. `queueUrl`: the environment's queue. `connection`: one of the
 * administrator.
 */
export async function countRequests(
  stack: SharedStack,
  queueUrl: string,
  connection: Connection,
): Promise<Requests> {
  const [{ sqs, dynamodb }, mysql] = await Promise.all([
    stack.counters(),
    statementsOfOthers(stack, connection),
  ]);
  const name = queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
  return {
    raw: queueRequests(sqs, "shop-raw.fifo"),
    environment: queueRequests(sqs, name),
    dynamodb: {
      reads: sum(dynamodb.actions, /^(Get|BatchGet|Query|Scan)/),
      writes: sum(dynamodb.actions, /^(Put|Update|Delete|BatchWrite|Transact)/),
    },
    mysql,
  };
}

/** The requests between two counts. */
export function between(before: Requests, after: Requests): Requests {
  return {
    raw: difference(before.raw, after.raw),
    environment: difference(before.environment, after.environment),
    dynamodb: {
      reads: after.dynamodb.reads - before.dynamodb.reads,
      writes: after.dynamodb.writes - before.dynamodb.writes,
    },
    mysql: after.mysql - before.mysql,
  };
}

function difference(before: QueueRequests, after: QueueRequests): QueueRequests {
  return {
    sends: after.sends - before.sends,
    receives: after.receives - before.receives,
    deletes: after.deletes - before.deletes,
  };
}

function queueRequests({ resources }: RequestCounts, queue: string): QueueRequests {
  const actions = resources[queue] ?? {};
  return {
    sends: sum(actions, /^SendMessage/),
    receives: sum(actions, /^ReceiveMessage/),
    deletes: sum(actions, /^DeleteMessage/),
  };
}

function sum(actions: Readonly<Record<string, number>>, pattern: RegExp): number {
  return Object.entries(actions)
    .filter(([action]) => pattern.test(action))
    .reduce((total, [, count]) => total + count, 0);
}

/** Statements of the router: of all accounts but the environments' and the administrator's. */
async function statementsOfOthers({ file }: SharedStack, connection: Connection): Promise<number> {
  const accounts = Object.values(file.environments).flatMap(({ users }) => users);
  const [[row]] = await connection.query<RowDataPacket[]>(
    "SELECT SUM(COUNT_STAR) AS statements FROM performance_schema.events_statements_summary_by_account_by_event_name " +
      "WHERE USER NOT IN (?)",
    [[file.mysql.user, ...accounts.map(({ user }) => user)]],
  );
  return Number(row?.["statements"] ?? 0);
}
