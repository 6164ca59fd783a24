import { shellWord } from "./shell-word.ts";

/** What a person needs to take part in a running stack by hand. */
export interface JoinIn {
  readonly mysql: { readonly host: string; readonly port: number };
  /** The path of the command line client `mysql`, or just its name. */
  readonly mysqlClient: string;
  readonly database: string | null;
  readonly accounts: readonly {
    readonly environment: string;
    readonly user: string;
    readonly password: string;
  }[];
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly sqsEndpoint: string;
  /** A queue for a first try; null when there is none. */
  readonly queueUrl: string | null;
  readonly stackFile: string;
}

/** The instructions for taking part by hand, ready to be copied into a shell. */
export function joinInText(join: JoinIn): string {
  const { mysql, mysqlClient, database, accounts, region, sqsEndpoint, queueUrl } = join;
  const server = `-h ${mysql.host} -P ${mysql.port}`;
  const widest = Math.max(0, ...accounts.map(({ environment }) => environment.length));
  const writing = accounts.map(
    ({ environment, user, password }) =>
      `  ${environment.padEnd(widest)}  ${shellWord(mysqlClient)} ${server} -u ${shellWord(user)} -p${shellWord(password)}${database === null ? "" : ` ${shellWord(database)}`}`,
  );
  const { accessKeyId, secretAccessKey } = join.credentials;
  const identity = `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
  // Version 1 of the AWS command line, which pip installs, reads AWS_DEFAULT_REGION only; the SDKs
  // read AWS_REGION.
  const aws = `AWS_REGION=${region} AWS_DEFAULT_REGION=${region} ${identity} aws --endpoint-url ${sqsEndpoint} sqs`;
  const reading =
    queueUrl === null
      ? `${aws} list-queues`
      : `${aws} receive-message --wait-time-seconds 20 --queue-url ${queueUrl}`;
  return [
    ...(writing.length === 0 ? [] : ["Write as an environment:", ...writing]),
    ...(accounts[0] === undefined
      ? []
      : [
          "Follow an environment's changes without taking messages from a queue:",
          `  npm run tail -- --environment ${accounts[0].environment} --local ${shellWord(join.stackFile)}`,
        ]),
    "Look into a queue (this hides the messages from applications for a while, and counts as a receive):",
    `  ${reading}`,
    `All addresses and accounts: ${join.stackFile}`,
  ].join("\n");
}
