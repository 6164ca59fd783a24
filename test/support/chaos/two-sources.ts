import type { TestMysql } from "../mysql.ts";

/** Two servers: one is the source, the other its replica. `failOver` exchanges the roles. */
export class TwoSources {
  #source: TestMysql;
  #replica: TestMysql;
  #initConnect = "";

  private constructor(source: TestMysql, replica: TestMysql) {
    this.#source = source;
    this.#replica = replica;
  }

  /** `source` needs everything that both servers shall have, except the ledger. */
  static async connect(source: TestMysql, replica: TestMysql): Promise<TwoSources> {
    await source.query("CREATE USER replica IDENTIFIED BY 'replica'");
    await source.query("GRANT REPLICATION SLAVE ON *.* TO replica");
    const sources = new TwoSources(source, replica);
    await sources.#follow();
    return sources;
  }

  /** The server that is written to. */
  get source(): TestMysql {
    return this.#source;
  }

  /** Sets the source's init_connect on both servers, because it is not replicated. */
  async shareInitConnect(): Promise<void> {
    const [row] = await this.#source.query<{ value: string }>("SELECT @@init_connect AS value");
    this.#initConnect = row?.value ?? "";
    await this.#replica.query("SET GLOBAL init_connect = ?", [this.#initConnect]);
  }

  async uuid(): Promise<string> {
    const [row] = await this.#source.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
    return row?.uuid ?? "";
  }

  /** Ends the source's process and starts it again. */
  async restart(hard: boolean): Promise<void> {
    await this.#source.server.restart({ hard, variables: { init_connect: this.#initConnect } });
  }

  /** Waits until the replica has executed everything of the source, and exchanges the roles. */
  async failOver(): Promise<void> {
    const [state] = await this.#source.query<{ executed: string }>(
      "SELECT @@gtid_executed AS executed",
    );
    const [waited] = await this.#replica.query<{ late: number }>(
      "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 60) AS late",
      [state?.executed],
    );
    if (waited?.late !== 0) throw new Error("the replica does not follow");
    await this.#replica.query("STOP REPLICA");
    await this.#replica.query("RESET REPLICA ALL");
    [this.#source, this.#replica] = [this.#replica, this.#source];
    await this.#follow();
  }

  async #follow(): Promise<void> {
    await this.#replica.query(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${this.#source.server.port},
       SOURCE_USER = 'replica', SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1,
       GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 1000`,
    );
    await this.#replica.query("START REPLICA");
  }
}
