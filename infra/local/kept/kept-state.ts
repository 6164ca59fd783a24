import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { KeptStateError } from "../request/refusal.ts";
import { newPassword } from "../source/accounts.ts";

const description = z.object({
  /** The MySQL server that all of it is about. */
  mysql: z.string(),
  /** In the order of `choosePorts`. */
  ports: z.array(z.number()),
  /** By account: whoever logs in need not learn new ones. */
  passwords: z.record(z.string(), z.string()),
  /** How many starts had this state before. */
  starts: z.number(),
});
type Description = z.output<typeof description>;

/** What a start with `--keep` keeps for the next one, in a directory of its own. */
export class KeptState {
  readonly path: string;
  /** How many starts went on with it before this one; 0: this one makes it. */
  readonly starts: number;
  readonly #mysql: string;
  readonly #passwords: Map<string, string>;
  readonly ports: readonly number[];

  private constructor(path: string, mysql: string, kept: Description | null) {
    this.path = path;
    this.starts = kept?.starts ?? 0;
    this.#mysql = mysql;
    this.#passwords = new Map(Object.entries(kept?.passwords ?? {}));
    this.ports = kept?.ports ?? [];
  }

  /**
   * The state in a state directory; what a first start left behind that never was ready is removed.
   * `mysql`: the server, as `host:port`, or that `npm start` starts one. Throws KeptStateError when
   * it is about another server.
   */
  static async open(stateDirectory: string, mysql: string): Promise<KeptState> {
    const path = keptIn(stateDirectory);
    const kept = await readDescription(path);
    if (kept === null) await rm(path, { recursive: true, force: true });
    else if (kept.mysql !== mysql)
      throw new KeptStateError(
        `${path} is about ${kept.mysql}, not ${mysql}; add --state DIRECTORY with another one, or remove it`,
      );
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new KeptState(path, mysql, kept);
  }

  get isFirst(): boolean {
    return this.starts === 0;
  }

  get awsDirectory(): string {
    return join(this.path, "aws");
  }

  get dataDirectory(): string {
    return join(this.path, "mysql");
  }

  /** The same for an account at every start; `wanted` from now on, when it is given. */
  password(account: string, wanted?: string): string {
    const password = wanted ?? this.#passwords.get(account) ?? newPassword();
    this.#passwords.set(account, password);
    return password;
  }

  /** From now on it is there to go on with: all parts run on it. */
  async complete(ports: readonly number[]): Promise<void> {
    const file = descriptionIn(this.path);
    const kept: Description = {
      mysql: this.#mysql,
      ports: [...ports],
      passwords: Object.fromEntries(this.#passwords),
      starts: this.starts + 1,
    };
    await writeFile(`${file}.draft`, JSON.stringify(kept, null, 2), { mode: 0o600 });
    await rename(`${file}.draft`, file);
  }
}

/** Where a state directory has it. */
function keptIn(stateDirectory: string): string {
  return join(stateDirectory, "kept");
}

function descriptionIn(path: string): string {
  return join(path, "start.json");
}

/** Null when there is none. Throws KeptStateError. */
async function readDescription(path: string): Promise<Description | null> {
  const file = descriptionIn(path);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const parsed = description.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new KeptStateError(`${file} is not what npm start writes; remove ${path}`, {
    cause: parsed.error,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
