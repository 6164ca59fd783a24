// Makes a fresh clone runnable; every npm script begins with it. It installs the locked
// dependencies when they are missing or differ from package-lock.json. They include the Node 24
// that everything else runs on; npm finds it first, because it puts node_modules/.bin first on
// PATH. This file is plain JavaScript without dependencies and runs on the machine's Node; if that
// is too old, the person gets a message.
//
// An npm script that runs Node after it calls `env node`: the script's shell remembers where it
// found `node` the first time.
"use strict";

const { spawnSync } = require("node:child_process");
const {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
} = require("node:fs");
const { join, resolve } = require("node:path");

const ROOT = resolve(__dirname, "../..");
const MODULES = join(ROOT, "node_modules");
const BUNDLED_NODE = join(MODULES, ".bin/node");
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const NEEDED_NODE = 24;

/** The exit code of flock when another process holds the lock; this file exits with others. */
const BUSY = 75;

/** A person has to do something; the message says what. */
class SetupError extends Error {}

/** The parsed JSON of a file; null when it cannot be read or is incomplete. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * Whether a locked package is for this platform. A package for another C library than glibc, which
 * Node's builds need, is not.
 */
function isMadeForThisMachine({ os, cpu, libc }) {
  return (
    os !== undefined &&
    [os].flat().includes(process.platform) &&
    [cpu].flat().includes(process.arch) &&
    (libc === undefined || [libc].flat().includes("glibc"))
  );
}

/**
 * The first package of package-lock.json that node_modules does not have, or has in another
 * version; null when all are there. It reads the record that npm writes to node_modules at the end
 * of an installation; the files' times tell nothing after a checkout.
 */
function missingPackage() {
  const lock = readJson(join(ROOT, "package-lock.json"));
  if (lock === null) throw new SetupError("package-lock.json is missing or damaged");
  const record = readJson(join(MODULES, ".package-lock.json"));
  if (record === null) return "node_modules";
  for (const [path, locked] of Object.entries(lock.packages)) {
    const installed = record.packages[path];
    const isCurrent =
      installed !== undefined
        ? installed.version === locked.version && installed.integrity === locked.integrity
        : locked.optional === true && !isMadeForThisMachine(locked);
    if (path !== "" && !isCurrent) return path;
  }
  return null;
}

/**
 * Throws when the machine's Node cannot install the dependencies: npm would leave out optional ones
 * that do not support it, among them the programs of oxlint, oxfmt and knip.
 */
function checkInstallingNode() {
  const { stdout } = spawnSync(machineNode(), ["--version"], { encoding: "utf8" });
  const [major, minor] = stdout.slice(1).split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  throw new SetupError(`Node 20.19, 22.12 or later is needed; this is ${stdout.trim().slice(1)}`);
}

/**
 * Installs exactly what the lock file names, including the development tools, whatever NODE_ENV or
 * npm's settings say. Install scripts are not run; no package needs one.
 */
function install() {
  checkInstallingNode();
  console.error("Installing dependencies (npm ci); this takes half a minute or so");
  const npm = process.env.npm_execpath ?? "";
  const [command, ...args] = npm.endsWith("npm-cli.js") ? [machineNode(), npm] : ["npm"];
  const options = ["--ignore-scripts", "--include=dev", "--include=optional"];
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const { status, signal, error } = spawnSync(command, [...args, "ci", ...options, ...quiet], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
  if (error !== undefined) throw new SetupError(`npm cannot be run: ${error.message}`);
  if (status !== 0) {
    throw new SetupError(
      `npm ci failed (${signal ?? `exit code ${status}`}); its messages are above. The first start needs a package ` +
        "registry: without a network, copy node_modules from a checkout of the same commit on the same platform",
    );
  }
  linkBundledNode();
  const missing = missingPackage();
  if (missing !== null) {
    throw new SetupError(
      `npm ci ended without installing ${missing}; is every package of package-lock.json in your registry?`,
    );
  }
}

/**
 * The Node that runs npm. It is outside the folder that `npm ci` removes, unlike the bundled one.
 */
function machineNode() {
  return process.env.npm_node_execpath ?? process.execPath;
}

/**
 * Restores the link to the bundled Node. npm 10 removes it together with the Node package of the
 * other architecture, which claims the same name.
 */
function linkBundledNode() {
  if (existsSync(BUNDLED_NODE) || !existsSync(join(MODULES, NODE_PACKAGE, "bin/node"))) return;
  symlinkSync(join("..", NODE_PACKAGE, "bin/node"), BUNDLED_NODE);
}

/** Throws when there is no Node, or only one that is too old, for what runs next. */
function checkNode() {
  if (existsSync(BUNDLED_NODE)) {
    const { status } = spawnSync(BUNDLED_NODE, ["--version"]);
    if (status === 0) return;
    throw new SetupError(
      `${BUNDLED_NODE} does not run on this machine; it needs glibc 2.28 or later`,
    );
  }
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_NODE) return;
  throw new SetupError(
    `Node ${NEEDED_NODE} or later is needed, this is ${process.versions.node}, and there is no package of Node for ` +
      `${process.platform} on ${process.arch}: install it from https://nodejs.org`,
  );
}

/** Throws when dependencies have to be installed and the checkout cannot be written. */
function checkWritable() {
  try {
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    accessSync(ROOT, constants.W_OK);
  } catch ({ code }) {
    throw new SetupError(
      `dependencies are missing, and ${ROOT} cannot be written (${code}): install them with npm ci as the ` +
        "checkout's owner, or copy the checkout to a folder of yours",
    );
  }
}

/**
 * Runs this file again under a lock of `flock`, so that two processes do not install at the same
 * time. Returns its exit code; null where there is no flock.
 */
function installUnderLock() {
  checkWritable();
  const locked = [join(ROOT, ".cache/setup.lock"), machineNode(), __filename, "--locked"];
  const flock = (options) =>
    spawnSync("flock", [...options, ...locked], { stdio: ["ignore", 2, 2] });
  let { status, error } = flock(["--nonblock", "--conflict-exit-code", String(BUSY)]);
  if (status === BUSY) {
    console.error("Waiting for another process that is installing the dependencies");
    ({ status, error } = flock([]));
  }
  return error === undefined ? (status ?? 1) : null;
}

function main() {
  const isReady =
    missingPackage() === null && (existsSync(BUNDLED_NODE) || process.platform !== "linux");
  if (isReady) return 0;
  const status = process.argv.includes("--locked") ? null : installUnderLock();
  if (status !== null) return status;
  if (missingPackage() !== null) install();
  linkBundledNode();
  checkNode();
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
