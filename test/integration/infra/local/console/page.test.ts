import { DeleteQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { awsClients } from "@binlog-router/local-aws/clients";
import { createConnection, type Connection } from "mysql2/promise";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { StackFile } from "../../../../../operator/shared/stack-file.ts";
import { barriers } from "../../../../support/console/accessibility.ts";
import {
  findChromium,
  NO_BROWSER,
  startBrowser,
  takePictures,
} from "../../../../support/console/browser.ts";
import { startProcess, type StartProcess } from "../../../../support/start/local-stack.ts";

const PATIENCE = { timeout: 60_000, interval: 100 };
const CHROMIUM = findChromium();
if (CHROMIUM === undefined) console.info(NO_BROWSER);

/** What a user sees in a real browser while a stack runs and events occur. */
describe.skipIf(CHROMIUM === undefined)("the page", () => {
  let start: StartProcess;
  let stack: StackFile;
  let browser: Browser;
  let page: Page;
  let administrator: Connection;
  let staging: Connection;
  const asked: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    start = startProcess(["--no-demo", "--no-ledger", "--no-tags"]);
    browser = await startBrowser(CHROMIUM ?? "");
    stack = await start.ready();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(stack.page ?? "");
    // Both connections stay open, so that their users are found in the process list.
    administrator = await createConnection({ ...stack.mysql, database: "shop" });
    await administrator.query("CREATE TABLE orders (id INT PRIMARY KEY, customer VARCHAR(40))");
    staging = await connectAs("staging");
    for (let id = 1; id <= 5; id++) {
      await staging.query("INSERT INTO orders VALUES (?, 'Ada')", [id]);
    }
  });
  afterAll(async () => {
    for (const connection of [administrator, staging]) await connection.end();
    await browser.close();
    await start[Symbol.asyncDispose]();
  });
  afterEach(() => expect(errors.splice(0)).toEqual([]));

  const connectAs = (environment: string) => {
    const [account] = stack.environments[environment]?.users ?? [];
    const { host, port } = stack.mysql;
    return createConnection({ host, port, ...account, database: "shop" });
  };
  const headline = () => page.locator("#headline").innerText();
  const untilHeadline = (text: string | RegExp) =>
    vi.waitFor(async () => expect(await headline()).toMatch(text), PATIENCE);
  /** Takes pictures: nothing is too wide, and nothing keeps a person from reading it. */
  const looksWell = async (name: string) => {
    expect(await takePictures(page, name)).toEqual([0, 0]);
    expect(await barriers(page)).toEqual([]);
  };
  const open = async (name: string) => {
    await page.getByRole("navigation").getByRole("link", { name }).click();
    await page.mouse.move(0, 0);
  };

  test("of a healthy run says that all is well, and shows the parts and the dashboard's graphs", async () => {
    await untilHeadline(/^All is well\.$/);
    await vi.waitFor(async () => {
      const sent = page.getByRole("region", { name: "Queues of staging" }).locator("td").first();
      expect(Number(await sent.innerText())).toBeGreaterThan(0);
    }, PATIENCE);
    await looksWell("healthy");

    await open("Dashboard");
    const graph = page.getByRole("list", {
      name: "Latest values of From commit to the environment's",
    });
    await vi.waitFor(
      async () => expect(await graph.innerText()).toMatch(/staging p50 \d/),
      PATIENCE,
    );
    expect(await page.locator("canvas").count()).toBeGreaterThan(3);
    await looksWell("dashboard");

    await open("Alarms");
    await page.getByRole("link", { name: /Retention risk/ }).click();
    await page.getByRole("heading", { name: "Runbook: Retention risk" }).waitFor();
    expect(await page.locator(".runbook").innerText()).toContain("First raise the retention");
    await looksWell("alarm");
  });

  test("the keyboard reaches the pages, also while they are refreshed; colours follow the person's setting", async () => {
    await open("Overview");
    await page.getByRole("navigation").getByRole("link", { name: "Alarms" }).focus();
    for (let refreshes = 0; refreshes < 2; refreshes++) {
      await page.waitForResponse((response) => response.url().endsWith("/api/overview"));
    }
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#queues$/);
    await page.getByRole("link", { name: "shop-search-staging.fifo" }).waitFor();

    const colours = new Set<string>();
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      colours.add(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
    }
    expect(colours.size).toBe(2);
  });

  test("shows the way of a change without its data, and a queue's messages without receiving them", async () => {
    await open("Queues");
    await page.getByRole("link", { name: "shop-search-staging.fifo" }).click();
    // The table's head contains the word, too.
    const message = page.getByRole("row").filter({ hasText: "waiting" }).filter({ hasText: "×" });
    await message.first().waitFor();
    expect(await message.first().innerText()).toContain("0 ×");
    await open("Changes");
    await page
      .getByRole("cell", { name: /^staging \/ billing$/ })
      .first()
      .waitFor();
    await looksWell("changes");
    expect(asked).not.toContain("/api/body");
  });

  test("names changes without a known author, and shows row data on request", async () => {
    const { reader = 0 } = stack.processes;
    process.kill(reader, "SIGSTOP");
    const connection = await connectAs("test");
    await connection.query("INSERT INTO orders VALUES (6, 'Grace')");
    const { threadId } = connection;
    await connection.end();
    // The server may notice the end of the connection late, and the reader must not find it any
    // more.
    const listed = "SELECT id FROM information_schema.processlist WHERE id = ?";
    await vi.waitFor(async () => {
      expect((await administrator.query(listed, [threadId]))[0]).toEqual([]);
    }, PATIENCE);
    process.kill(reader, "SIGCONT");
    await untilHeadline(/parked: the author is not known for certain/);
    await open("Failure records");
    // Since when it is parked, how often it was tried, and when it is tried next.
    const parked = page.getByRole("row").filter({ hasText: "unattributed" }).first();
    await vi.waitFor(async () => {
      expect(await parked.innerText()).toMatch(/\d:\d\d:\d\d\s+\d+\s+\d+:\d\d:\d\d/);
    }, PATIENCE);
    await looksWell("unknown-author");
    expect(asked).not.toContain("/api/record");
    await page
      .getByRole("button", { name: /^Row data/ })
      .first()
      .click();
    await vi.waitFor(async () => {
      expect(await page.getByRole("dialog").innerText()).toContain("Grace");
    }, PATIENCE);
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "Runbook: Unattributed changes" }).click();
    await page.getByRole("heading", { name: "Runbook: Unattributed changes" }).waitFor();
  });

  test("names a deleted queue and a dead letter, with the runbook's headings", async () => {
    const { aws } = stack;
    using clients = awsClients({
      region: aws.region,
      accountId: "000000000000",
      credentials: { accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey },
      endpoints: {
        sqs: aws.sqsEndpoint,
        dynamodb: aws.dynamodbEndpoint,
        s3: aws.s3Endpoint,
        secretsManager: aws.secretsManagerEndpoint,
      },
    });
    const QueueUrl = stack.environments["staging"]?.queues["billing"];
    await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    const search = stack.environments["test"]?.queues["search"] ?? "";
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: search.replace(/\.fifo$/, "-dead.fifo"),
        MessageBody: "{}",
        MessageGroupId: "orders",
        MessageDeduplicationId: "1",
      }),
    );
    await untilHeadline(/The queue shop-billing-staging\.fifo does not exist/);
    await open("Overview");
    await page.getByText("no queue").waitFor();
    await untilHeadline(/1 message in the dead-letter queue shop-search-test-dead\.fifo/);
    await looksWell("queue-deleted");
    await page.getByRole("link", { name: "Runbook: Failures pending" }).first().waitFor();
  });

  test("says at once that MySQL is suspended, until it goes on; the terminal's line says the same", async () => {
    const { mysql = 0 } = stack.processes;
    process.kill(mysql, "SIGSTOP");
    onTestFinished(() => void process.kill(mysql, "SIGCONT"));
    await untilHeadline(/MySQL at \S+ was suspended by a signal\./);
    expect(await page.locator("#headline").getAttribute("class")).toContain("stopped");
    expect(await page.title()).toContain("suspended");
    await open("Overview");
    for (const name of ["MySQL", "Reader"]) {
      const heading = page.getByRole("heading", { name, exact: true });
      const card = page.getByRole("main").locator(".card.stopped", { has: heading });
      await card.waitFor();
      expect(await card.locator(".badge.well").count()).toBe(0);
    }
    await looksWell("mysql-stopped");
    await vi.waitFor(() => {
      const line = start.lastLine();
      expect(line).toMatch(/was suspended by a signal\. Runbook: Reader not reporting/);
      expect(line).toMatch(/shop-billing-staging\.fifo does not exist.* Runbook: Failures pending/);
      expect(line).toMatch(/dead-letter queue shop-search-test-dead\.fifo\. Runbook: Dead-letter/);
    }, PATIENCE);
    process.kill(mysql, "SIGCONT");
    await vi.waitFor(async () => expect(await headline()).not.toContain("suspended"), PATIENCE);
    await vi.waitFor(() => expect(start.lastLine()).not.toContain("suspended"), PATIENCE);
  });
});
