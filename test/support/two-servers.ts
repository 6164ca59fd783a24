import type { Account, TestMysql } from "./mysql.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const REPLICATION: Account = { user: "replication", password: "replication" };

/**
 * Two MySQL servers of one topology behind one address: one is the source, which writers and reader
 * reach, and the other one copies it. Accounts and tables that are made on the source come to both.
 */
export class TwoServers implements AsyncDisposable {
  /** The address. */
  readonly proxy: TcpProxy;
  #source: TestMysql;
  #replica: TestMysql;

  private constructor(proxy: TcpProxy, source: TestMysql, replica: TestMysql) {
    this.proxy = proxy;
    this.#source = source;
    this.#replica = replica;
  }

  /** `source`, `replica`: with different `server_id`. */
  static async link(source: TestMysql, replica: TestMysql): Promise<TwoServers> {
    const servers = new TwoServers(await TcpProxy.listen(source.server), source, replica);
    await source.createAccount(REPLICATION.user, ["REPLICATION SLAVE ON *.*"]);
    await servers.#follow();
    return servers;
  }

  /** The one that is written to. */
  get source(): TestMysql {
    return this.#source;
  }

  /**
   * The replica becomes the source, with all that was written, and the address leads to it. The
   * former source copies it from then on.
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

  /** Stops the source and starts it again; `hard`: as after a crash. */
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
