import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { downloadMysql } from "../../../../../infra/local/mysql/download-mysql.ts";
import { silent } from "../../../../../infra/local/mysql/progress.ts";

async function emptyCache(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "mysql-cache-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

const examineNothing = () => Promise.resolve("no such file");
const examineAnything = (mysqld: string) => Promise.resolve({ mysqld });

test("a machine without apt is refused at once, and nothing is left in the cache", async () => {
  const directory = await emptyCache();
  const lacking = ["apt-get", "flock"];
  const options = { directory, progress: silent, lacking, examine: examineNothing };
  await expect(downloadMysql(options)).rejects.toThrow(
    "the download needs apt; this machine has no apt-get, no flock",
  );
  expect(await readdir(directory)).toEqual([]);
});

test("a MySQL that was downloaded before needs no apt", async () => {
  const directory = await emptyCache();
  const options = { directory, progress: silent, lacking: ["apt-get"], examine: examineAnything };
  expect(await downloadMysql(options)).toEqual({ mysqld: join(directory, "mysql/bin/mysqld") });
});
