import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The directory where downloads are kept between runs, shared by all clones of one person:
 * `$BINLOG_ROUTER_CACHE`, else `$XDG_CACHE_HOME/binlog-router`, else `~/.cache/binlog-router`, else
 * `.cache` in the checkout. Creates the directory.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["BINLOG_ROUTER_CACHE"];
  if (named !== undefined && named !== "") return made(named);
  const base = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  try {
    return made(join(base, "binlog-router"));
  } catch {
    return made(join(import.meta.dirname, "../../../.cache"));
  }
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true });
  accessSync(directory, constants.W_OK);
  return directory;
}
