import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

/** Where Debian and others put it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where the pictures of the page are kept. */
const PICTURES = join(REPOSITORY_ROOT, ".local/pictures");

/** The path of a Chromium on this machine; undefined where there is none, which is said once. */
export function findChromium(): string | undefined {
  const found = PLACES.find((path) => existsSync(path));
  if (found === undefined) {
    console.info("The page was not tested in a browser: apt-get install chromium brings one.");
  }
  return found;
}

/**
 * A browser without a window. Its own sandbox needs a kernel's help that containers do not have.
 */
export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/**
 * Keeps what a page looks like now at 1280 and 390 pixels, and returns how much wider than the
 * window it is there.
 */
export async function takePictures(page: Page, name: string): Promise<number[]> {
  await mkdir(PICTURES, { recursive: true });
  const tooWide: number[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const path = join(PICTURES, `${name}-${width}.png`);
    await page.screenshot({ path, fullPage: true });
    tooWide.push((await page.evaluate<number>("document.documentElement.scrollWidth")) - width);
  }
  return tooWide;
}
