import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseOptions } from "../../../infra/local/request/options.ts";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

/**
 * These tests need no container engine: they compare the image's files with the program that the
 * image runs.
 */
const read = (path: string): string => readFileSync(join(REPOSITORY_ROOT, path), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command: readonly string[];
  readonly ports: readonly string[];
}

const dockerfile = read("Dockerfile").replaceAll("\\\n", " ").split("\n");
const instruction = (name: string): string[] =>
  dockerfile.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
const entryPoint = JSON.parse(instruction("ENTRYPOINT")[0] ?? "[]") as string[];
const { services } = parse(read("compose.yaml")) as { services: Record<string, Service> };

/** The `npm start` options that the image uses. */
const optionsOf = (more: readonly string[] = []) =>
  parseOptions([...entryPoint.slice(2), ...more], REPOSITORY_ROOT);

describe("the image", () => {
  test("runs a program of the repository, with options that it knows", () => {
    const [node, program = ""] = entryPoint;
    expect(node).toBe("node");
    expect(existsSync(join(REPOSITORY_ROOT, program))).toBe(true);
    expect(optionsOf()).toMatchObject({ host: "127.0.0.1", portBase: 4500, demo: true });
  });

  test("puts a user's options after its own, so that they replace them", () => {
    expect(optionsOf(["--host", "router", "--no-demo"])).toMatchObject({
      host: "router",
      demo: false,
    });
  });

  test("starts once while it is built, with options that the program knows", () => {
    const [, start = ""] =
      /node infra\/local\/main\.ts (.*)$/m.exec(instruction("RUN").join("\n")) ?? [];
    expect(parseOptions(start.split(" "), REPOSITORY_ROOT)).toMatchObject({ durationMs: 1000 });
  });

  test("exposes the ports that the program listens on", () => {
    const { portBase = 0 } = optionsOf();
    expect(instruction("EXPOSE")).toEqual([`${portBase}-${portBase + 6}`]);
  });

  test("contains no files that a checkout's machine made, and no Git history", () => {
    const ignored = read(".dockerignore").split("\n");
    expect(ignored).toEqual(
      expect.arrayContaining([".git", ".local", ".cache", "cdk.out", "**/node_modules"]),
    );
  });

  test("has the packages that the download of MySQL needs", () => {
    expect(instruction("RUN").join("\n")).toMatch(/ca-certificates debian-archive-keyring/);
  });
});

describe("compose.yaml", () => {
  test("builds the image, and gives it the address and password of the MySQL service", () => {
    const { mysql } = optionsOf(services["router"]?.command);
    expect(services["router"]?.build).toBe(".");
    expect(Object.keys(services)).toContain(mysql?.host);
    expect(mysql).toMatchObject({ port: 3306, user: "root", password: "local" });
  });

  test("publishes the ports of the stand-ins and the page under the numbers of their URLs, on loopback only", () => {
    const { portBase = 0 } = optionsOf();
    const range = `${portBase + 1}-${portBase + 4}`;
    const page = portBase + 6;
    expect(services["router"]?.ports).toEqual([
      `127.0.0.1:${range}:${range}`,
      `127.0.0.1:${page}:${page}`,
    ]);
    for (const { ports } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test("starts MySQL as the reader needs it", () => {
    expect(services["mysql"]?.command).toEqual([
      "--gtid-mode=ON",
      "--enforce-gtid-consistency=ON",
      "--binlog-row-metadata=FULL",
    ]);
  });
});
