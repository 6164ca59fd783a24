import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

/** The paths where Debian and others install Chromium. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The folder for the page's pictures. */
const PICTURES = join(REPOSITORY_ROOT, ".local/pictures");

/** What a run of the tests says, once, where there is no browser. */
export const NO_BROWSER =
  "The page was not tested in a browser: apt-get install chromium brings one.";

/**
 * The path of this machine's Chromium, or of the one that BINLOG_ROUTER_CHROMIUM names; undefined
 * when there is none.
 */
export function findChromium(): string | undefined {
  const given = process.env["BINLOG_ROUTER_CHROMIUM"];
  return (given === undefined ? PLACES : [given]).find((path) => existsSync(path));
}

/** Starts a headless browser, without its sandbox: containers do not let it set one up. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** By how many pixels the page or a table of the overview is wider than its place. */
const TOO_WIDE = `Math.max(...[
  document.documentElement,
  ...document.querySelectorAll(".environments .scroll"),
].map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`;

/**
 * Takes pictures of a page at widths of 390 and 1280 pixels. Returns for each by how many pixels
 * something is wider than its place.
 */
export async function takePictures(page: Page, name: string): Promise<number[]> {
  await mkdir(PICTURES, { recursive: true });
  const tooWide: number[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const path = join(PICTURES, `${name}-${width}.png`);
    await page.screenshot({ path, fullPage: true });
    tooWide.push(await page.evaluate<number>(TOO_WIDE));
  }
  return tooWide;
}
