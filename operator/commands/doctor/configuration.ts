import type { ConnectionOptions } from "mysql2/promise";
import type * as z from "zod";
import { withCanary } from "../../../config/canary.ts";
import { ConfigError } from "../../../config/config-error.ts";
import { loadPart, readConfigObjects } from "../../../config/load.ts";
import { configurationSchema } from "../../../config/schema.ts";
import {
  connectionOptions,
  type SourceAddress,
} from "../../../reader/source/connection-options.ts";
import { CommandError } from "../../shared/command-error.ts";

/** The settings that the doctor uses. `npm start` and `cdk synth` check the whole configuration. */
const used = configurationSchema
  .pick({ name: true, source: true, environments: true, subscribers: true, doctor: true })
  .partial({ name: true, source: true, subscribers: true, doctor: true })
  .strip();

export type DoctorConfiguration = z.output<typeof used>;

/**
 * Reads a configuration object, or a cdk.json with one or several in its context. With `name`, it
 * returns only that one. Throws CommandError.
 */
export async function readDoctorConfigurations(
  path: string,
  name?: string,
): Promise<DoctorConfiguration[]> {
  try {
    return (await readConfigObjects(path, name)).map((object) =>
      loadPart(used, withCanary(object)),
    );
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}

/**
 * The options for logging in, with the account in the URL `mysql` or otherwise in the source's
 * secret. `connectFirst` tries them in order. Throws CommandError.
 */
export async function accountOf(
  mysql: string | undefined,
  { source }: DoctorConfiguration,
): Promise<readonly ConnectionOptions[]> {
  if (mysql !== undefined) return accountInUrl(mysql);
  if (source?.host === undefined || source.secretArn === undefined) {
    throw new CommandError(
      "the configuration has no source.host or no source.secretArn: name the server with --mysql mysql://user:password@host:port",
    );
  }
  const { host, port, tls, secretArn } = source;
  const { accountInSecret } = await import("./account-in-secret.ts");
  return [await accountInSecret({ host, port, tls }, secretArn)];
}

type Tls = SourceAddress["tls"];

const HERE: readonly Tls[] = ["encrypt", "off"];
const ELSEWHERE: readonly Tls[] = ["encrypt"];

/**
 * Without `?tls=`, a connection to this machine, which may be a tunnel, is encrypted if the server
 * supports it. Other connections are always encrypted.
 */
async function accountInUrl(text: string): Promise<readonly ConnectionOptions[]> {
  const url = URL.parse(text);
  if (url?.protocol !== "mysql:" || url.hostname === "" || url.username === "") {
    throw new CommandError("--mysql expects mysql://user:password@host:port");
  }
  const { hostname: host, port } = url;
  const isHere = host === "localhost" || host.startsWith("127.");
  const tls = url.searchParams.get("tls");
  if (tls !== null && tls !== "off" && tls !== "encrypt" && tls !== "verify") {
    throw new CommandError("--mysql takes ?tls=off, ?tls=encrypt or ?tls=verify at its end");
  }
  const account = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const ways: readonly Tls[] = tls === null ? (isHere ? HERE : ELSEWHERE) : [tls];
  return Promise.all(
    ways.map((way) =>
      connectionOptions({ host, port: port === "" ? 3306 : Number(port), tls: way }, () =>
        Promise.resolve(account),
      ),
    ),
  );
}
