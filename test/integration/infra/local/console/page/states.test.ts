import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Facts } from "../../../../../../infra/local/console/facts/facts.ts";
import { RUNBOOK } from "../../../../../../infra/stack/monitoring/runbook.ts";
import {
  ConsoleServer,
  type View,
} from "../../../../../../infra/local/console/server/console-server.ts";
import {
  barriers,
  moving,
  tabStops,
  usable,
} from "../../../../../support/console/accessibility.ts";
import {
  findChromium,
  startBrowser,
  takePictures,
  tooWide,
} from "../../../../../support/console/browser.ts";
import {
  factsWithAlarm,
  madeUpViews,
  withParked,
} from "../../../../../support/console/made-up-views.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };
const CHROMIUM = findChromium();
const PAGES = ["Overview", "Alarms", "Dashboard", "Queues", "Failure records", "Changes"];

/** The page over facts that each test makes up. */
describe.skipIf(CHROMIUM === undefined)("the page", () => {
  let facts: Facts;
  let views: Record<string, View>;
  let server: ConsoleServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    views = madeUpViews(() => facts);
    server = await ConsoleServer.listen({ port: 0 }, views);
    browser = await startBrowser(CHROMIUM ?? "");
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
  });
  afterAll(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    facts = factsWithAlarm();
    Object.assign(
      views,
      madeUpViews(() => facts),
    );
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(server.url);
    await page.reload();
    await untilHeadline(/^All is well\.$/);
  });

  const untilHeadline = (text: RegExp) =>
    vi.waitFor(async () => {
      expect(await page.locator("#headline").innerText()).toMatch(text);
    }, PATIENCE);
  const open = (name: string) =>
    page
      .getByRole("navigation")
      .getByRole("link", { name: new RegExp(`^${name}`) })
      .click();
  const focusedName = () =>
    page.evaluate<string>("document.activeElement.ariaLabel ?? document.activeElement.textContent");
  const refreshBegins = () =>
    page.waitForRequest((request) => request.url().endsWith("/api/overview"));
  const refreshed = () =>
    page.waitForResponse((response) => response.url().endsWith("/api/overview"));

  /** Shows these facts without waiting for the next refresh. */
  const showsAtOnce = async (next: Facts) => {
    facts = next;
    await page.reload();
    await page.getByRole("main").locator("h2, h3").first().waitFor();
  };
  /** By how many pixels something is too wide on a telephone, a tablet and a computer. */
  const areTooWide = async () => [
    await tooWide(page, 390),
    await tooWide(page, 768),
    await tooWide(page, 1280),
  ];

  /** The state that a card of the overview names, and whether its colour says that all is well. */
  const stateOf = async (name: string) => {
    const card = page.getByRole("main").locator(".card", {
      has: page.getByRole("heading", { name, exact: true }),
    });
    const kind = await card.locator(".head .badge").getAttribute("class");
    return [await card.locator(".head .badge").innerText(), kind?.includes("well")];
  };

  test("no card is green whose source does not answer", async () => {
    expect(await stateOf("Reader")).toEqual(["streaming", true]);
    const { source } = facts;
    await showsAtOnce({ ...facts, source: { ...source, state: "suspended" } });
    expect(await stateOf("MySQL")).toEqual(["suspended", false]);
    expect(await stateOf("Reader")).toEqual(["waits for MySQL", false]);
    // Nothing but the reader tells whether a server of another program answers.
    const reader = { ...facts.reader, state: "connecting" } as Facts["reader"];
    await showsAtOnce({ ...facts, source: { ...source, state: "elsewhere" }, reader });
    expect(await stateOf("MySQL")).toEqual(["another program runs it", false]);
    expect(await stateOf("Reader")).toEqual(["connecting", false]);
  });

  test("no card is green about which an alarm rings", async () => {
    expect(await stateOf("Raw queue and route")).toEqual(["routes", true]);
    const queue = facts.queues[0]?.name ?? "";
    const rings = [
      { shortName: "Function errors route", heading: RUNBOOK.functionErrors, queue: null },
      { shortName: "Retry not running", heading: RUNBOOK.retryNotRunning, queue: null },
      { shortName: "Subscriber queue age billing staging", heading: RUNBOOK.queueAge, queue },
    ];
    const [alarm] = facts.alarms as [Facts["alarms"][number]];
    await showsAtOnce({
      ...facts,
      alarms: rings.map((one) => ({ ...alarm, ...one, state: "ALARM" })),
    });
    expect(await stateOf("Raw queue and route")).toEqual(["in trouble", false]);
    expect(await stateOf("Failure records and retry")).toEqual(["in trouble", false]);
    const staging = page.locator(".environments .card");
    expect(await staging.getAttribute("class")).toBe("card trouble");
    expect(await stateOf("Reader")).toEqual(["streaming", true]);
  });

  test.each([
    ["an alarm", "#alarms/binlog-router%20shop%3A%20Lag", "Lag"],
    ["a queue", "#queues/shop-billing-staging.fifo", "shop-billing-staging.fifo"],
    ["a heading of the runbook", "#runbook/Lag", "Runbook: Lag"],
  ])("the page of %s can be read in light and dark, wide and narrow", async (_, hash, heading) => {
    await page.goto(`${server.url}${hash}`);
    await page.getByRole("heading", { name: heading, exact: true }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(await areTooWide()).toEqual([0, 0, 0]);
  });

  test.each(PAGES)("%s: the Tab key reaches everything, and the focus is visible", async (name) => {
    await showsAtOnce(withParked(facts));
    await open(name);
    await page.getByRole("main", { name }).locator("h2, h3").first().waitFor();
    const stops = await tabStops(page);
    expect(new Set(stops.map((stop) => stop.name))).toEqual(new Set(await usable(page)));
    expect(stops.filter(({ outline, isInSight }) => outline < 2 || !isInSight)).toEqual([]);
    expect(await barriers(page)).toEqual([]);
    expect(await areTooWide()).toEqual([0, 0, 0]);
  });

  test("the keyboard alone opens a queue and a message's data, and returns to where it was", async () => {
    const press = async (name: RegExp) => {
      const stop = page
        .getByRole("main")
        .getByRole("link", { name })
        .or(page.getByRole("button", { name }));
      await stop.waitFor();
      do await page.keyboard.press("Tab");
      while (!name.test(await focusedName()));
      await page.keyboard.press("Enter");
    };
    await open("Queues");
    await press(/^shop-billing-staging\.fifo$/);
    await press(/^Row data of message two$/);
    await page.getByRole("dialog", { name: "Row data of message two" }).waitFor();
    await refreshed();
    await page.keyboard.press("Escape");
    await vi.waitFor(async () => {
      expect(await focusedName()).toBe("Row data of message two");
    }, PATIENCE);
  });

  test("a refresh keeps the focus on the same thing, also when others come and go", async () => {
    await open("Queues");
    const [queue] = facts.queues as [Facts["queues"][number]];
    await page.getByRole("link", { name: queue.name }).focus();
    const another = { ...queue, name: "shop-audit-staging.fifo", deadName: "shop-audit-dead.fifo" };
    facts = { ...facts, queues: [another, queue] };
    await page.getByRole("link", { name: another.name }).waitFor();
    expect(await focusedName()).toBe(queue.name);
  });

  test("announces a state once, in words, and not with each number that grows", async () => {
    await page.evaluate(`globalThis.announced = [];
      new MutationObserver(() => announced.push(document.getElementById("said").textContent))
        .observe(document.getElementById("said"), { childList: true })`);
    const announced = () => page.evaluate<string[]>("announced");
    for (const forMs of [12_000, 14_000]) {
      const sinceMs = facts.nowMs - forMs;
      const reader = {
        state: "connecting",
        sinceMs,
        lagMs: 1,
        transactions: 1,
        changes: 1,
      } as const;
      facts = { ...facts, reader };
      await untilHeadline(new RegExp(`connecting for ${forMs / 1000} s`));
    }
    const said =
      "No environment receives changes. The reader has been connecting for 12 s: nothing is read. Runbook: Reader not reporting.";
    expect(await announced()).toEqual([said]);
    expect(await page.getByRole("status").innerText()).toBe(said);
    facts = factsWithAlarm();
    await vi.waitFor(
      async () => expect(await announced()).toEqual([said, "All is well."]),
      PATIENCE,
    );
  });

  test("nothing moves by itself for people who asked for reduced motion", async () => {
    expect(await moving(page)).toBe(1);
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await moving(page)).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
  });

  test("names failure records that cannot be read, and shows the rest", async () => {
    facts = { ...facts, failures: { error: "AccessDeniedException: refused" } };
    await untilHeadline(/The failure records cannot be read \(AccessDeniedException: refused\)\./);
    await page.getByRole("heading", { name: "Failure records and retry" }).waitFor();
    expect(await page.getByText("cannot be read", { exact: true }).count()).toBe(1);
    expect(await page.getByRole("region", { name: "Queues of staging" }).innerText()).toMatch(
      /billing\s+5\s+0\s+0\s+–\s+–\s+0/,
    );
    expect(await takePictures(page, "unread-records")).toEqual([0, 0]);
    expect(await barriers(page)).toEqual([]);
    await open("Failure records");
    await page.getByText("The failure records cannot be read: AccessDeniedException").waitFor();
    expect(await page.getByText("Nothing is parked.").count()).toBe(0);
  });

  test("what needs a person most comes first: streams that were given up, alarms that will ring", async () => {
    const { failures } = withParked(facts);
    const [stream] = "streams" in failures ? failures.streams : [];
    if (stream === undefined) throw new Error("nothing is parked");
    const [alarm] = facts.alarms as [Facts["alarms"][number]];
    const streams = [
      { ...stream, stream: "thread/newer", parkedAt: 2 },
      { ...stream, stream: "thread/older", parkedAt: 1 },
      { ...stream, stream: "thread/given-up", parkedAt: 3, isGivenUp: true },
    ];
    const alarms = [
      alarm,
      { ...alarm, shortName: "Coming", state: "INSUFFICIENT_DATA", breaching: 1 } as const,
      { ...alarm, shortName: "Nearer", breaching: 2 },
      { ...alarm, shortName: "Ringing", state: "ALARM", breaching: 5 } as const,
    ];
    await showsAtOnce({ ...facts, alarms, failures: { changes: 3, records: 3, streams } });
    await open("Failure records");
    await page.getByRole("rowheader").first().waitFor();
    expect(await page.getByRole("rowheader").allInnerTexts()).toEqual([
      "thread/given-up",
      "thread/older",
      "thread/newer",
    ]);
    await open("Alarms");
    await page.locator(".alarms").waitFor();
    expect(await page.locator(".alarms strong").allInnerTexts()).toEqual([
      "Ringing",
      "Nearer",
      "Coming",
      "Lag",
    ]);
  });

  test("says that npm start has ended, shows nothing in green then, and goes on when it answers", async () => {
    const port = Number(new URL(server.url).port);
    await server[Symbol.asyncDispose]();
    await untilHeadline(/^npm start no longer answers/);
    expect(await page.title()).toContain("no longer answers");
    const filter = "getComputedStyle(document.getElementById('main')).filter";
    expect(await page.evaluate<string>(filter)).toBe("grayscale(1)");
    server = await ConsoleServer.listen({ port }, views);
    await untilHeadline(/^All is well\.$/);
    expect(await page.evaluate<string>(filter)).toBe("none");
  });

  test("says that npm start does not answer while it is suspended, and goes on afterwards", async () => {
    const answer = views["/api/overview"] as View;
    views["/api/overview"] = () => new Promise(() => undefined);
    await refreshBegins();
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/api/overview")) asked++;
    });
    await untilHeadline(/^npm start no longer answers/);
    // None waits behind another. The next one may have begun before this test looked.
    expect(asked).toBeLessThanOrEqual(1);
    views["/api/overview"] = answer;
    await untilHeadline(/^All is well\.$/);
  });

  test("shows the numbers of row data with the digits that they have", async () => {
    const body = '{"id":18446744073709551615,"rate":1.10,"note":"1.10"}';
    views["/api/body"] = () => ({ body });
    await page.goto(`${server.url}#queues/shop-billing-staging.fifo`);
    await page.getByRole("button", { name: "Row data of message one" }).click();
    const text = page.getByRole("region", { name: "Text of the row data" });
    expect((await text.innerText()).replaceAll(/\s/g, "")).toBe(body);
    await page.keyboard.press("Escape");
  });

  test("names the queue of each change's data, because several queues get one change", async () => {
    const changes = views["/api/changes"] as View;
    const [change] = (await changes(new URLSearchParams())) as [object];
    const other = { ...change, subscriber: "search", queue: "shop-search-staging.fifo" };
    views["/api/changes"] = () => [change, other];
    await open("Changes");
    for (const queue of ["shop-billing-staging\\.fifo", "shop-search-staging\\.fifo"]) {
      const name = new RegExp(`^Row data of the message .* in ${queue}$`);
      await page.getByRole("button", { name }).click();
      // Before it is open, Escape closes nothing, and it would cover the next button.
      await page.getByRole("region", { name: "Text of the row data" }).waitFor();
      await page.keyboard.press("Escape");
    }
    await vi.waitFor(async () => {
      expect(await focusedName()).toContain("in shop-search-staging.fifo");
    }, PATIENCE);
  });

  test("gives the date with a time of another day", async () => {
    const parked = withParked(facts).failures;
    const [stream] = "streams" in parked ? parked.streams : [];
    if (stream === undefined) throw new Error("nothing is parked");
    const at = new Date(2026, 9, 25, 1, 30).getTime();
    const streams = [{ ...stream, parkedAt: at, nextAttemptAt: Date.now() }];
    await showsAtOnce({ ...facts, failures: { changes: 1, records: 1, streams } });
    await open("Failure records");
    await page.getByRole("rowheader").first().waitFor();
    const cells = await page.getByRole("main").getByRole("cell").allInnerTexts();
    expect(cells).toContain("2026-10-25 01:30:00");
    expect(cells.filter((text) => /^\d\d:\d\d:\d\d$/.test(text))).toHaveLength(1);
  });

  test("an address that cannot be decoded is taken as it is", async () => {
    await page.goto(`${server.url}#queues/%`);
    await page.reload();
    await page.getByRole("heading", { name: "%", exact: true }).waitFor();
    await untilHeadline(/^All is well\.$/);
  });

  test("a page whose view fails says why, and the others go on", async () => {
    views["/api/changes"] = () => Promise.reject(new Error("the table is gone"));
    await open("Changes");
    await page.getByText("This page cannot be shown now: Error: the table is gone").waitFor();
    await open("Queues");
    await page.getByRole("link", { name: "shop-billing-staging.fifo" }).waitFor();
    await untilHeadline(/^All is well\.$/);
  });
});
