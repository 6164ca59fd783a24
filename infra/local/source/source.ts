import type { EnvironmentAccount } from "./accounts.ts";

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * The MySQL server that a stack reads from. Disposing ends or cleans what was started or made for
 * the stack.
 */
export interface Source extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly administrator: Credentials;
  readonly reader: Credentials;
  /** How the reader connects. */
  readonly tls: "off" | "encrypt";
  readonly accounts: readonly EnvironmentAccount[];
  /** The server's process id; null when somebody else runs it. */
  readonly pid: number | null;
  /** The command line client's path, or just its name. */
  readonly client: string;
}
