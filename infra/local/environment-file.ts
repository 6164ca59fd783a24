import { dirname, isAbsolute } from "node:path";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { quoted } from "./display/shell-word.ts";

/**
 * The text of `.local/env`: the stack's addresses as variables for a shell to source. The AWS
 * command line and the SDKs, the client library and `mysql` read them.
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
    // boto3 and version 1 of the AWS command line read this one.
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
    "# Written by npm start, which removes it when it stops. To use it in a shell: . .local/env",
    // With one of these set, the AWS tools would use an account of yours.
    "unset AWS_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    // At the end of PATH, so that an installed `mysql` comes before the downloaded one.
    ...(isAbsolute(mysqlClient) ? [`export PATH="$PATH":${quoted(dirname(mysqlClient))}`] : []),
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    "",
  ].join("\n");
}
