import type { Configuration } from "./configuration.ts";

/** The MySQL account in the reader's secret, where the stack makes it. */
export const READER_USER = "binlog_router";

export interface SecretAccount {
  readonly username: string;
  readonly host: string;
  readonly port: number;
}

/**
 * The text to which Secrets Manager adds the generated password: the fields that its rotation
 * functions for MySQL require. CloudFormation generates another password whenever the text changes,
 * so another order or another field would lock out the reader of each deployed stack.
 */
export function secretTemplate({ username, host, port }: SecretAccount): string {
  return JSON.stringify({ engine: "mysql", host, port, username });
}

/** A secret that the stack makes. */
export interface MadeSecret {
  /** The setting that would name a secret instead. */
  readonly setting: "source.secretArn" | "canary.secretArn";
  readonly account: SecretAccount;
}

/** The secrets that a configuration lets the stack make. */
export function madeSecrets({
  source,
  canary,
}: Pick<Configuration, "source" | "canary">): MadeSecret[] {
  const { host, port } = source;
  if (host === undefined) return [];
  return [
    ...(source.secretArn === undefined
      ? [{ setting: "source.secretArn", account: { username: READER_USER, host, port } } as const]
      : []),
    ...(canary !== undefined && canary.secretArn === undefined
      ? [{ setting: "canary.secretArn", account: { username: canary.user, host, port } } as const]
      : []),
  ];
}
