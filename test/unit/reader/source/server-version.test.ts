import { describe, expect, test } from "vitest";
import { binlogFindings } from "../../../../reader/source/binlog-checks.ts";
import { isAtLeast, versionFindings } from "../../../../reader/source/server-version.ts";

function finding(
  version: string,
  other: Readonly<Record<string, string>> = {},
): { what: string; remedy: string } | undefined {
  return versionFindings(new Map(Object.entries({ version, ...other })))[0];
}

describe("the version of a server", () => {
  test.each(["8.0.29", "8.0.35-27", "8.0.45-0ubuntu0.24.04.1", "8.4.3-log", "9.7.4-2"])(
    "%s is read",
    (version) => {
      expect(finding(version)).toBeUndefined();
    },
  );

  test.each([
    ["MySQL", "8.0.15", {}, "Upgrade the server to MySQL 8.0.29 or later."],
    ["the release before the oldest", "8.0.28", {}, "Upgrade the server to MySQL 8.0.29"],
    ["an unknown one", "", {}, "Upgrade the server to MySQL"],
    [
      "Aurora MySQL 2",
      "5.7.12-log",
      { aurora_version: "2.11.4", basedir: "/rdsdbbin/oscar-5.7.12/" },
      "Upgrade the Aurora cluster from 2.11.4 to Aurora MySQL 3.05 or later.",
    ],
    ["RDS", "5.7.44-log", { basedir: "/rdsdbbin/mysql/" }, "Upgrade the RDS instance"],
    [
      "Percona Server",
      "8.0.19-10",
      { version_comment: "Percona Server (GPL), Release 10" },
      "Upgrade to Percona Server 8.0.29 or later.",
    ],
    ["Cloud SQL", "8.0.26-google", { version_comment: "(Google)" }, "Upgrade the Cloud SQL"],
    ["Azure", "5.7.44-azure-log", {}, "Upgrade the Azure Database for MySQL"],
  ])(
    "%s below the oldest version has a remedy that names the upgrade",
    (_, version, other, remedy) => {
      expect(finding(version, other)?.remedy).toContain(remedy);
    },
  );

  test.each([
    ["MariaDB", "10.11.6-MariaDB-log"],
    ["MariaDB", "5.5.5-10.6.14-MariaDB"],
    ["TiDB", "8.0.11-TiDB-v7.5.0"],
  ])("%s (%s) is refused as not MySQL", (name, version) => {
    expect(finding(version)?.what).toBe(`the server is ${name} (version ${version})`);
    expect(finding(version)?.remedy).toContain("Name a MySQL server");
    expect(isAtLeast(version, [5, 5])).toBe(false);
  });

  test("the version is checked first, and its finding is the only one", () => {
    const variables = new Map([
      ["version", "8.0.15"],
      ["log_bin", "OFF"],
    ]);
    expect(binlogFindings(variables).map(({ check }) => check)).toEqual(["version"]);
  });

  test("a reader instance of Aurora and a writer without a binlog have different findings", () => {
    const aurora = { version: "8.0.32", aurora_version: "3.05.2", log_bin: "OFF" };
    const found = (innodb_read_only: string) =>
      binlogFindings(new Map(Object.entries({ ...aurora, innodb_read_only })))[0];
    expect(found("ON")).toMatchObject({ check: "innodb_read_only", severity: "loss" });
    expect(found("ON")?.remedy).toContain("writer endpoint");
    expect(found("OFF")?.check).toBe("log_bin");
  });
});
