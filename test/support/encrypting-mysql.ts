import { execFile } from "node:child_process";
import { access, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findMysql } from "../../infra/local/mysql/find-mysql.ts";

const COMPONENT = "component_keyring_file";

/** A MySQL that can encrypt its binlog. */
interface EncryptingMysql extends AsyncDisposable {
  readonly mysqld: string;
}

/**
 * A copy, made of links, of the MySQL from Debian's packages, with a keyring beside its server.
 * null for a MySQL that is installed otherwise: MySQL looks for the keyring's settings in the
 * folders of its programs.
 */
export async function encryptingMysql(): Promise<EncryptingMysql | null> {
  const { mysqld } = await findMysql();
  const root = dirname(dirname(mysqld));
  const plugins = join("usr", "lib", "mysql", "plugin");
  const isThere = access(join(root, plugins, `${COMPONENT}.so`)).then(
    () => true,
    () => false,
  );
  if (!(await isThere)) return null;
  await using undo = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "binlog-router-keyring-"));
  undo.defer(() => rm(home, { recursive: true, force: true }));
  const copy = join(home, "mysql");
  await promisify(execFile)("cp", ["-rs", root, copy]);
  // The script finds its server beside itself.
  const script = join(copy, "bin", "mysqld");
  await rm(script);
  await copyFile(mysqld, script);
  await writeFile(
    join(copy, "usr", "sbin", "mysqld.my"),
    JSON.stringify({ components: `file://${COMPONENT}` }),
  );
  await writeFile(
    join(copy, plugins, `${COMPONENT}.cnf`),
    JSON.stringify({ path: join(home, "keys"), read_only: false }),
  );
  const disposal = undo.move();
  return { mysqld: script, [Symbol.asyncDispose]: () => disposal.disposeAsync() };
}
