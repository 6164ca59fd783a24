import { describe, expect, it } from "vitest";
import { acquireSettings, downloadSize } from "../../../../../infra/local/mysql/private-apt.ts";

describe("private apt", () => {
  it("adds up what apt would download", () => {
    const uris = `Reading package lists...
'http://deb.debian.org/debian/pool/main/m/mysql/a_1%2b1_amd64.deb' a_1+1_amd64.deb 1000 MD5Sum:00
'http://deb.debian.org/debian/pool/main/m/mysql/b_1_amd64.deb' b_1_amd64.deb 24 SHA256:00
`;
    expect(downloadSize(uris)).toBe(1024);
    expect(downloadSize("")).toBe(0);
  });

  it("reaches archives as the machine does, and runs none of its hooks", () => {
    const dump = `APT "";
APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb || true";
Acquire "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::Packages::MetaKey "x";
Acquire::Languages "none";
Dir::Cache "var/cache/apt";`;
    expect(acquireSettings(dump).split("\n")).toEqual([
      `Acquire::http::Proxy "http://proxy.example:3128";`,
      `Acquire::Check-Valid-Until "false";`,
    ]);
  });
});
