import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type RowDataPacket,
} from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { MysqlServer } from "../../infra/local/mysql/mysql-server.ts";
import {
  startMysqlServer,
  type MysqlServerOptions,
} from "../../infra/local/mysql/start-mysql-server.ts";

/** An account that connects. */
export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The MySQL server of a test file. Integers too large for a number are returned as text. */
export interface TestMysql {
  /** Throws when it is called outside of the file's tests and hooks. */
  readonly server: MysqlServer;
  /**
   * Opens a connection of the administrator or of an account. It is closed after the test that
   * opened it; one that a `beforeAll` hook opened is closed after the last test.
   */
  connect(account?: Account, options?: ConnectionOptions): Promise<Connection>;
  /** Runs a statement as the administrator, on a new connection; returns its rows. */
  query<Row extends object = Record<string, unknown>>(
    statement: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * Creates an account that may connect from anywhere. `privileges` are lists as in `GRANT`, such
   * as `ALL ON shop.*`.
   */
  createAccount(user: string, privileges?: readonly string[]): Promise<Account>;
}

/**
 * Starts a MySQL server before the first test of the calling file. After the last test it closes
 * all connections and ends the server.
 */
export function useMysql(options: MysqlServerOptions = {}): TestMysql {
  let running: MysqlServer | undefined;
  const ofFile: Connection[] = [];
  const ofTest: Connection[] = [];
  let opened = ofFile;

  beforeAll(async () => {
    running = await startMysqlServer(options);
  });
  beforeEach(() => {
    opened = ofTest;
  });
  afterEach(() => {
    close(ofTest);
    opened = ofFile;
  });
  afterAll(async () => {
    close(ofFile);
    await running?.[Symbol.asyncDispose]();
  });

  return {
    get server() {
      if (running === undefined) throw new Error("the server starts before the first test");
      return running;
    },
    async connect(account, connectionOptions) {
      const { host, port, user, password } = this.server;
      const connection = await createConnection({
        host,
        port,
        user: account?.user ?? user,
        password: account?.password ?? password,
        supportBigNumbers: true,
        ...connectionOptions,
      });
      opened.push(connection);
      return connection;
    },
    async query<Row extends object>(statement: string, values: readonly unknown[] = []) {
      const connection = await this.connect();
      try {
        const [rows] = await connection.query<(Row & RowDataPacket)[]>(statement, [...values]);
        return rows;
      } finally {
        connection.destroy();
      }
    },
    async createAccount(user, privileges = ["ALL ON *.*"]) {
      const account = { user, password: `password of ${user}` };
      await this.query("CREATE USER ?@'%' IDENTIFIED BY ?", [user, account.password]);
      for (const privilege of privileges) await this.query(`GRANT ${privilege} TO ?@'%'`, [user]);
      return account;
    },
  };
}

/**
 * Closes the sockets without COM_QUIT, because a server that is gone or paused would not answer.
 */
function close(connections: Connection[]): void {
  for (const connection of connections.splice(0)) connection.destroy();
}
