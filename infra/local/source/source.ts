import type { EnvironmentAccount } from "./accounts.ts";

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * The MySQL server that a stack reads from. Disposing ends a server that was started for the stack,
 * and removes what was made for it on another.
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
  /** The server's process id; null when `npm start` did not start it. */
  readonly pid: number | null;
  /** The path of the command line client `mysql`, or just its name. */
  readonly client: string;
}
