import { withCanary } from "../../../config/canary.ts";
import { ConfigError } from "../../../config/config-error.ts";
import { loadPart, readConfigObject } from "../../../config/load.ts";
import { configurationSchema } from "../../../config/schema.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { CommandError } from "../../shared/command-error.ts";

const used = configurationSchema.pick({ environments: true, otherUsers: true }).strip();

/**
 * The environment to which a configuration assigns an account's changes; null when they are
 * dropped. Throws CommandError when `user` is a pattern, or when the environment depends on the
 * host and `host` is empty.
 */
export async function resultingEnvironment(
  config: string,
  source: string | undefined,
  { user, host }: { readonly user: string; readonly host: string },
): Promise<string | null> {
  if (/[*?@]/.test(user)) throw new CommandError(`${user} is a pattern, not the name of a user`);
  const environment = environmentOf(await routingOf(config, source));
  if (host === "" && environment.dependsOnHost(user))
    throw new CommandError(`the environment of ${user} depends on the client's host: add --host`);
  return environment(user, host);
}

async function routingOf(config: string, source: string | undefined) {
  try {
    return loadPart(used, withCanary(await readConfigObject(config, source)));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}
