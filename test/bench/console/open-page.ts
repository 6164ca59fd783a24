import { setTimeout as delay } from "node:timers/promises";
import { inBackground } from "../../../infra/local/process/background.ts";
import { findChromium, startBrowser } from "../../support/console/browser.ts";

/** As often as the page refreshes itself. */
const REFRESH_MS = 2_000;

/** The page of `npm start` while somebody looks at it, open or closed. */
export interface OpenPage extends AsyncDisposable {
  /** Who looks at it. */
  readonly viewer: string;
  open(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The dashboard in a headless Chromium, whose work then counts, too. On a machine without Chromium:
 * the requests of an open dashboard.
 */
export async function openPage(url: string): Promise<OpenPage> {
  const chromium = findChromium();
  return chromium === undefined ? requests(url) : inBrowser(chromium, url);
}

async function inBrowser(path: string, url: string): Promise<OpenPage> {
  const browser = await startBrowser(path);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  return {
    viewer: "in Chromium",
    open: async () => {
      await page.goto(`${url}#dashboard`);
      await page.locator("canvas").first().waitFor();
    },
    close: async () => void (await page.goto("about:blank")),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function requests(url: string): Promise<OpenPage> {
  const widgets = (await get(url, "api/dashboard")) as readonly { readonly id: number }[];
  const ids = widgets.map(({ id }) => id).join(",");
  let looking: AsyncDisposable | null = null;
  const close = async () => {
    await looking?.[Symbol.asyncDispose]();
    looking = null;
  };
  return {
    viewer: "by its requests only",
    open: async () => {
      await get(url, "api/overview");
      looking = inBackground(async (signal) => {
        while (!signal.aborted) {
          await get(url, "api/overview");
          await get(url, `api/widgets?minutes=5&ids=${ids}`);
          await delay(REFRESH_MS, undefined, { signal }).catch(() => undefined);
        }
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function get(url: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
