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

/**
 * By how many pixels something is wider than the page, also where a person could scroll to it, or
 * wider than the element around it that hides the rest.
 */
const TOO_WIDE = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  .then(() => [...document.querySelectorAll("body *")]
    .filter((one) => one.closest(".skip, .heard") === null)
    .flatMap((one) => {
      const { right, width } = one.getBoundingClientRect();
      const cuts = getComputedStyle(one).overflowX !== "visible";
      const beyond = right - document.documentElement.clientWidth;
      return width === 0 ? [] : [beyond, cuts ? one.scrollWidth - one.clientWidth : 0];
    }))
  .then((all) => Math.round(Math.max(0, ...all)))`;

/**
 * Takes pictures of a page at widths of 390 and 1280 pixels. Returns for each by how many pixels
 * something is wider than its place.
 */
export async function takePictures(page: Page, name: string): Promise<number[]> {
  await mkdir(PICTURES, { recursive: true });
  const found: number[] = [];
  for (const width of [390, 1280]) {
    const path = join(PICTURES, `${name}-${width}.png`);
    found.push(await tooWide(page, width));
    await page.screenshot({ path, fullPage: true });
  }
  return found;
}

/** By how many pixels something does not fit into a page of this width. */
export async function tooWide(page: Page, width: number): Promise<number> {
  await page.setViewportSize({ width, height: 800 });
  return page.evaluate<number>(TOO_WIDE);
}
