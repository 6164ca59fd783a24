import { describe, expect, it } from "vitest";
import { parseServerVersion } from "../../../../../infra/local/mysql/version.ts";

describe("parseServerVersion", () => {
  it.each([
    ["mysqld  Ver 8.0.39 for Linux on x86_64 (MySQL Community Server - GPL)", "8.0.39"],
    ["/usr/sbin/mysqld  Ver 8.4.3-3 for Linux on x86_64 (Percona Server (GPL))", "8.4.3"],
    ["/opt/mysqld  Ver 9.7.4-2 for Linux on aarch64 ((Debian))", "9.7.4"],
  ])("takes %s", (text, version) => {
    expect(parseServerVersion(text)).toEqual({ version, unusable: null });
  });

  it.each([
    [
      "mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64",
      "the server is MariaDB",
    ],
    ["mysqld  Ver 5.7.44 for Linux on x86_64 (MySQL Community Server)", "older than 8.0.29"],
    ["mysqld  Ver 8.0.15 for Linux on x86_64 (MySQL Community Server - GPL)", "older than 8.0.29"],
  ])("refuses %s", (text, reason) => {
    expect(parseServerVersion(text)?.unusable).toContain(reason);
  });

  it("finds no version in the output of another program", () => {
    expect(parseServerVersion("true (GNU coreutils) 9.1")).toBeNull();
  });
});
