import { dirname, isAbsolute } from "node:path";
import type { StackFile } from "../../operator/shared/stack-file.ts";

/**
 * What `.local/env` says: the stack's addresses as variables for a shell to source. The AWS command
 * line and the SDKs, the client library and `mysql` take what they need from them.
 *
 * @param source the configuration's `name`
 * @param mysqlClient the path of the program `mysql`, or just its name
 */
export function environmentFile(
  { mysql, aws, environments }: StackFile,
  source: string,
  mysqlClient = "mysql",
): string {
  const variables: [name: string, value: string][] = [
    ["AWS_REGION", aws.region],
    // What boto3 and the AWS command line's first version read.
    ["AWS_DEFAULT_REGION", aws.region],
    ["AWS_ACCESS_KEY_ID", aws.accessKeyId],
    ["AWS_SECRET_ACCESS_KEY", aws.secretAccessKey],
    ["AWS_ENDPOINT_URL_SQS", aws.sqsEndpoint],
    ["AWS_ENDPOINT_URL_DYNAMODB", aws.dynamodbEndpoint],
    ["AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.secretsManagerEndpoint],
    ["AWS_ENDPOINT_URL_S3", aws.s3Endpoint],
    ["BINLOG_ROUTER_SOURCE", source],
    ["MYSQL_HOST", mysql.host],
    ["MYSQL_TCP_PORT", String(mysql.port)],
  ];
  for (const [environment, { users }] of Object.entries(environments)) {
    const [first] = users;
    if (first === undefined) continue;
    const suffix = environment.toUpperCase().replaceAll("-", "_");
    variables.push(
      [`MYSQL_USER_${suffix}`, first.user],
      [`MYSQL_PASSWORD_${suffix}`, first.password],
    );
  }
  return [
    "# Written by npm start; gone when it stops. In a shell: . .local/env",
    // With one of these the AWS tools would look for an account of yours.
    "unset AWS_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    // Behind the others: only who has no `mysql` of their own uses the one that was downloaded.
    ...(isAbsolute(mysqlClient) ? [`export PATH="$PATH":${quoted(dirname(mysqlClient))}`] : []),
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    "",
  ].join("\n");
}

/** As a shell reads it, whatever is in it. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
