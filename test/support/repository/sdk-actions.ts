import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { importsOf } from "./imports.ts";

const SERVICES: Readonly<Record<string, string>> = {
  "client-cloudformation": "cloudformation",
  "client-dynamodb": "dynamodb",
  "client-s3": "s3",
  "client-secrets-manager": "secretsmanager",
  "client-sqs": "sqs",
  "client-sts": "sts",
};

/** Calls whose permission has another name. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  SendMessageBatch: "SendMessage",
  DeleteMessageBatch: "DeleteMessage",
};

const imports = Map.groupBy(importsOf(REPOSITORY_ROOT), ({ from }) => from);

/** The files that a file imports, directly and indirectly, and itself. */
export function reachedFrom(file: string, reached = new Set<string>()): Set<string> {
  if (reached.has(file) || !existsSync(join(REPOSITORY_ROOT, file))) return reached;
  reached.add(file);
  for (const { to } of imports.get(file) ?? []) reachedFrom(to, reached);
  return reached;
}

/** The IAM actions of the SDK commands in these files, such as `sqs:SendMessage`. */
export function actionsIn(files: Iterable<string>): Set<string> {
  const actions = new Set<string>();
  for (const file of files) {
    if (!/^(operator|functions|reader|wire|config)\//.test(file)) continue;
    const text = readFileSync(join(REPOSITORY_ROOT, file), "utf8");
    for (const [, names = "", client = ""] of text.matchAll(
      /(?:import|import type|const) \{([^}]*)\} (?:from |= await import\()"@aws-sdk\/(client-[a-z0-9-]+)"/g,
    )) {
      for (const [, command, pages] of names.matchAll(/\b([A-Z]\w+)Command\b|\bpaginate(\w+)/g)) {
        const name = command ?? pages ?? "";
        actions.add(`${SERVICES[client]}:${PERMISSIONS[name] ?? name}`);
      }
    }
  }
  return actions;
}
