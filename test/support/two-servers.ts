import type { Account, TestMysql } from "./mysql.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const REPLICATION: Account = { user: "replication", password: "replication" };

/**
 * Two MySQL servers behind one address. One is the source, to which writers and reader connect; the
 * other is its replica. Accounts and tables that are created on the source are replicated.
 */
export class TwoServers implements AsyncDisposable {
  /** The common address of the two. */
  readonly proxy: TcpProxy;
  #source: TestMysql;
  #replica: TestMysql;

  private constructor(proxy: TcpProxy, source: TestMysql, replica: TestMysql) {
    this.proxy = proxy;
    this.#source = source;
    this.#replica = replica;
  }

  /** Makes `replica` follow `source`; their `server_id` must differ. */
  static async link(source: TestMysql, replica: TestMysql): Promise<TwoServers> {
    const servers = new TwoServers(await TcpProxy.listen(source.server), source, replica);
    await source.createAccount(REPLICATION.user, ["REPLICATION SLAVE ON *.*"]);
    await servers.#follow();
    return servers;
  }

  /** The present source, which is written to. */
  get source(): TestMysql {
    return this.#source;
  }

  /**
   * Makes the replica, once it has everything, the source, and points the address to it. The former
   * source then replicates from it.
   */
  async failOver(): Promise<void> {
    await this.#source.query("SET GLOBAL super_read_only = ON");
    const [state] = await this.#source.query<{ executed: string }>(
      "SELECT @@global.gtid_executed AS executed",
    );
    const [waited] = await this.#replica.query<{ late: number }>(
      "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 120) AS late",
      [state?.executed],
    );
    if (waited?.late !== 0) throw new Error("the replica does not get what the source has");
    await this.#replica.query("STOP REPLICA");
    await this.#replica.query("RESET REPLICA ALL");
    await this.#replica.query("SET GLOBAL read_only = OFF");
    [this.#source, this.#replica] = [this.#replica, this.#source];
    this.proxy.leadTo(this.#source.server);
    this.proxy.cut();
    await this.#follow();
  }

  /** Restarts the source; `hard`: as after a crash. */
  async restart(hard: boolean): Promise<void> {
    await this.#source.server.restart({ hard });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
  }

  async #follow(): Promise<void> {
    await this.#replica.query("SET GLOBAL super_read_only = ON");
    await this.#replica.query(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${this.#source.server.port},
       SOURCE_USER = '${REPLICATION.user}', SOURCE_PASSWORD = 'password of ${REPLICATION.user}',
       SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 1000`,
    );
    await this.#replica.query("START REPLICA");
  }
}
