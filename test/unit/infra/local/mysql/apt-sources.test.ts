import { describe, expect, it } from "vitest";
import { debianMirrors } from "../../../../../infra/local/mysql/apt-sources.ts";

describe("debianMirrors", () => {
  it("reads the one-line format", () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://ftp.de.debian.org/debian/ bookworm main contrib # the nearest
deb-src http://sources.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://deb.debian.org/debian bookworm-updates main
`;
    expect(debianMirrors([text])).toEqual([
      "http://ftp.de.debian.org/debian",
      "https://deb.debian.org/debian",
    ]);
  });

  it("reads the paragraph format, with comments, several addresses and continued lines", () => {
    const text = `Types: deb deb-src
# as installed
URIs: http://one.example/debian
  http://two.example/debian/
Suites: bookworm bookworm-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
`;
    expect(debianMirrors([text])).toEqual([
      "http://one.example/debian",
      "http://two.example/debian",
    ]);
  });

  it("keeps a cloud image's list of mirrors", () => {
    const text = `Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm
Components: main
`;
    expect(debianMirrors([text])).toEqual(["mirror+file:///etc/apt/mirrors/debian.list"]);
  });

  it("leaves out archives that are not Debian's main one", () => {
    const text = `
deb http://deb.debian.org/debian-security bookworm-security main
deb https://download.docker.com/linux/debian bookworm stable
deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://packages.vendor.example/debian stable main
deb http://deb.debian.org/debian bookworm contrib
`;
    expect(debianMirrors([text])).toEqual([]);
  });

  it("names a mirror once", () => {
    const text = "deb http://deb.debian.org/debian bookworm main\n";
    expect(debianMirrors([text, text])).toEqual(["http://deb.debian.org/debian"]);
  });
});
