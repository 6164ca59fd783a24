import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ConnectionOptions } from "mysql2/promise";
import { connectionOptions } from "../../../reader/source/connection-options.ts";
import { secretCredentials } from "../../../reader/source/credentials.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { DoctorConfiguration } from "./configuration.ts";

/** How to log in: with the account in `mysql`, a URL, else with the one in the source's secret. Throws CommandError. */
export async function accountOf(
  mysql: string | undefined,
  { source }: DoctorConfiguration,
): Promise<ConnectionOptions> {
  if (mysql !== undefined) return accountInUrl(mysql);
  if (source?.host === undefined || source.secretArn === undefined) {
    throw new CommandError(
      "the configuration has no source.host and source.secretArn: name the server with --mysql mysql://user:password@host:port",
    );
  }
  const { host, port, tls, secretArn } = source;
  const secrets = new SecretsManagerClient();
  try {
    return await connectionOptions(
      { host, port, tls },
      secretCredentials(async () => {
        const answer = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
        return answer.SecretString ?? "";
      }),
    );
  } finally {
    secrets.destroy();
  }
}

async function accountInUrl(text: string): Promise<ConnectionOptions> {
  const url = URL.parse(text);
  if (url?.protocol !== "mysql:" || url.hostname === "" || url.username === "") {
    throw new CommandError("--mysql expects mysql://user:password@host:port");
  }
  const { hostname: host, port } = url;
  const isHere = host === "localhost" || host.startsWith("127.");
  return connectionOptions(
    { host, port: port === "" ? 3306 : Number(port), tls: isHere ? "off" : "encrypt" },
    () =>
      Promise.resolve({
        username: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
      }),
  );
}
