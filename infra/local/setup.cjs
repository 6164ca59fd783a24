// Makes a fresh clone runnable; every npm script begins with it. It installs the locked
// dependencies when they are missing or are not those of package-lock.json; among them is the Node
// 24 that everything else runs on, which npm finds first because it puts node_modules/.bin first on
// PATH. Plain JavaScript without dependencies, for the Node that the machine has: an old one gets a
// sentence.
//
// A script that goes on with Node says `env node`: its shell remembers where it found `node` the
// first time.
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

/**
 * The exit code by which flock says that somebody else holds the lock; one that this file never
 * ends with.
 */
const BUSY = 75;

/** Something that the person at the keyboard has to do; the message says what. */
class SetupError extends Error {}

/** A file's JSON, or null when it cannot be read or is cut short. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/**
 * Whether a locked package names this platform, and not only for another C library than Node's
 * builds need.
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
 * The first package of package-lock.json that node_modules lacks, or has in another version; null
 * when it has them all. It compares with the record that npm leaves in node_modules when an
 * installation is complete: the files' times would say nothing after a checkout.
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
 * Throws when the dependencies cannot be installed by the Node that the machine has: npm would
 * leave out the optional ones that do not suit it, which hold the programs of oxlint, oxfmt and
 * knip.
 */
function checkInstallingNode() {
  const { stdout } = spawnSync(machineNode(), ["--version"], { encoding: "utf8" });
  const [major, minor] = stdout.slice(1).split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  throw new SetupError(`Node 20.19, 22.12 or later is needed; this is ${stdout.trim().slice(1)}`);
}

/**
 * Installs exactly what the lock file names, development tools included whatever NODE_ENV or npm's
 * settings say. No package's install script is needed, and none is run.
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
 * The Node that runs npm: unlike our own, perhaps, it is not inside the folder that `npm ci`
 * removes.
 */
function machineNode() {
  return process.env.npm_node_execpath ?? process.execPath;
}

/**
 * npm 10 removes this link again together with the Node package of the other architecture, which
 * claims the same name.
 */
function linkBundledNode() {
  if (existsSync(BUNDLED_NODE) || !existsSync(join(MODULES, NODE_PACKAGE, "bin/node"))) return;
  symlinkSync(join("..", NODE_PACKAGE, "bin/node"), BUNDLED_NODE);
}

/** Throws when what follows would run on a Node that is too old, or on none. */
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

/** Throws when the dependencies are to be installed into a checkout that cannot be written. */
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
 * Runs this file again while `flock` holds a lock, so that two at once do not install at once.
 * Returns its exit code; null where there is no flock.
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
