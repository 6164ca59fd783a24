import { randomBytes } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench, type ReaderProcess } from "../../support/reader.ts";

const mysql = useMysql({ variables: { max_allowed_packet: "256M" } });
const aws = useLocalAws();

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query(
    "CREATE TABLE shop.files (id INT PRIMARY KEY, text LONGTEXT CHARACTER SET ascii)",
  );
});

const MIB = 1 << 20;

test(
  "the reader reads the largest row within its memory, and stops at a larger one, after which it can continue",
  { timeout: 240_000 },
  async () => {
    await using bench = await ReaderBench.create(aws, mysql.server, {
      SOURCE_TLS: "off",
    });
    const reader = await bench.start();
    const peak = watchMemory(reader);
    // Hexadecimal random digits, which compress badly.
    const digits = randomBytes(30 * MIB).toString("hex");
    await mysql.query("INSERT INTO shop.files VALUES (1, ?)", [digits]);
    await takeMessage(bench);
    // The before and after images together.
    await mysql.query("UPDATE shop.files SET text = REPEAT('y', ?)", [3 * MIB]);
    await takeMessage(bench);
    expect(await peak()).toBeLessThan(800 * MIB);

    await mysql.query("INSERT INTO shop.files VALUES (2, REPEAT('x', ?))", [65 * MIB]);
    const { error } = await reader.logged("stopped by an error");
    expect(error).toMatchObject({
      name: "UnreadableTransactionError",
      message: expect.stringMatching(
        /a row takes more than 64 MiB as JSON, in shop\.files\. .*npm run offsets -- set --past [0-9a-f-]{36}:\d+`/,
      ),
    });
  },
);

async function takeMessage(bench: ReaderBench): Promise<void> {
  for (let tries = 0; tries < 120; tries++) if ((await bench.receiveTexts()).length > 0) return;
  throw new Error("no frame arrived");
}

/**
 * Samples a reader's memory until the returned function is called, which resolves to the peak in
 * bytes.
 */
function watchMemory(reader: ReaderProcess): () => Promise<number> {
  let most = 0;
  const look = async (): Promise<void> => {
    most = Math.max(most, await reader.memory());
  };
  const timer = setInterval(() => void look(), 20);
  return async () => {
    clearInterval(timer);
    await look();
    return most;
  };
}
