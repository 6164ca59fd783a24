import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { KeptStateError } from "../request/refusal.ts";
import { newPassword } from "../source/accounts.ts";

const description = z.object({
  /** The MySQL server that this state belongs to. */
  mysql: z.string(),
  /** In the order that `inOrder` of ports.ts reads. */
  ports: z.array(z.number()),
  /** By account; kept so that people can go on using them. */
  passwords: z.record(z.string(), z.string()),
  /** How many starts have used this state. */
  starts: z.number(),
});
type Description = z.output<typeof description>;

/** The state that a start with `--keep` keeps for the next one, in its own directory. */
export class KeptState {
  readonly path: string;
  /** How many starts used it before this one; 0: this one creates it. */
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
   * Opens the kept state in a state directory. Removes what a first start left that never became
   * ready. `mysql`: the server as `host:port`, or a text for the one that `npm start` starts.
   * Throws KeptStateError when the state belongs to another server.
   */
  static async open(stateDirectory: string, mysql: string): Promise<KeptState> {
    const path = keptIn(stateDirectory);
    const kept = await readDescription(path);
    if (kept === null) await rm(path, { recursive: true, force: true });
    else if (kept.mysql !== mysql)
      throw new KeptStateError(
        `${path} holds the state of ${kept.mysql}, not of ${mysql}; name another directory with --state, or remove this one`,
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

  /** An account's password: `wanted` when given, else the kept one, else a new one. Keeps it. */
  password(account: string, wanted?: string): string {
    const password = wanted ?? this.#passwords.get(account) ?? newPassword();
    this.#passwords.set(account, password);
    return password;
  }

  /** Writes the description, once all parts run: from then on the next start can use the state. */
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

/** The path of the kept state in a state directory. */
function keptIn(stateDirectory: string): string {
  return join(stateDirectory, "kept");
}

function descriptionIn(path: string): string {
  return join(path, "start.json");
}

/** Null when there is no description. Throws KeptStateError when it cannot be used. */
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
  throw new KeptStateError(`npm start did not write ${file}; remove ${path}`, {
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
