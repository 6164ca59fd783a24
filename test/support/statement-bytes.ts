import { Readable } from "node:stream";
import type { Connection, RowDataPacket } from "mysql2/promise";

/** Sends statements as bytes, in whichever character set the session has declared. */
export class ByteSession {
  readonly #connection: Connection;
  readonly #infile: string;

  /** `infile`: the contents that LOAD DATA LOCAL reads. */
  constructor(connection: Connection, infile = "") {
    this.#connection = connection;
    this.#infile = infile;
    // mysql2 encodes statements in this collation's character set; latin1 keeps every byte.
    Object.defineProperty(connection.connection.config, "charsetNumber", {
      get: () => LATIN1,
      set: () => {
        // The server's reports about the session's character set are ignored.
      },
    });
  }

  async run(statement: Buffer | string): Promise<RowDataPacket[]> {
    const [rows] = await this.#connection.query<RowDataPacket[]>({
      sql: typeof statement === "string" ? statement : statement.toString("latin1"),
      infileStreamFactory: () => Readable.from([Buffer.from(this.#infile)]),
    });
    return rows;
  }

  /** Sets the session's character set and SQL mode. */
  async speaks(charset: string, sqlMode = ""): Promise<void> {
    await this.run(`SET character_set_client = ${charset}, sql_mode = '${sqlMode}'`);
  }
}

const LATIN1 = 8;

declare module "mysql2/promise" {
  interface Connection {
    readonly connection: { readonly config: object };
  }
}

/** A text in a character set of MySQL; null when the character set lacks one of its characters. */
export async function encoded(
  connection: Connection,
  charset: string,
  text: string,
): Promise<Buffer | null> {
  const [[row]] = (await connection.query<RowDataPacket[]>(
    `SELECT CAST(CONVERT(? USING ${charset}) AS BINARY) AS bytes, CONVERT(CONVERT(? USING ${charset}) USING utf8mb4) = BINARY ? AS same`,
    [text, text, text],
  )) as unknown as [{ bytes: Buffer; same: number }[]];
  return row?.same === 1 ? row.bytes : null;
}

/** The character sets that MySQL accepts for a session's statements. */
export async function clientCharsets(connection: Connection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW CHARACTER SET");
  return rows
    .map((row) => String(row["Charset"]))
    .filter((name) => !["ucs2", "utf16", "utf16le", "utf32"].includes(name));
}
