import { alarmList, alarmPage, runbookPage } from "./alarms.js";
import { changeList } from "./changes.js";
import { dashboard } from "./dashboard.js";
import { ask, badge, h, heard, show } from "./dom.js";
import { failureList } from "./failures.js";
import { count, duration } from "./format.js";
import { overview } from "./overview.js";
import { queueList, queuePage } from "./queues.js";

const REFRESH_MS = 2_000;
const PAGES = [
  ["", "Overview"],
  ["alarms", "Alarms"],
  ["dashboard", "Dashboard"],
  ["queues", "Queues"],
  ["failures", "Failure records"],
  ["changes", "Changes"],
];

const WORDS = {
  well: "All is well.",
  trouble: "Something needs attention.",
  stopped: "No environment receives changes.",
};

const place = (id) => document.getElementById(id);
let latest = null;
/**
 * The open dashboard, which keeps its graphs; null on other pages: those are drawn again each time.
 */
let live = null;
let drawn = null;
/** What was announced last. */
let said = null;

addEventListener("hashchange", () => void navigate());
await refresh();
await navigate(false);
setTimeout(() => void keepFresh(), REFRESH_MS);

function route() {
  const [page = "", ...rest] = location.hash.slice(1).split("/");
  return { page, detail: decoded(rest.join("/")) };
}

/** What an address means; one that is not encoded correctly is taken as it is. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function navigate(moved = true) {
  live?.stop();
  live = null;
  if (route().page === "main") return;
  if (route().page === "dashboard") {
    try {
      live = await dashboard(() => latest);
      place("main").replaceChildren(...live.children);
    } catch (error) {
      place("main").replaceChildren(...notAnswered(error));
    }
  }
  place("main").setAttribute("aria-label", nameOf(route().page));
  await draw();
  if (moved) place("main").focus({ preventScroll: true });
  if (moved) scrollTo(0, 0);
}

/** Begins each refresh behind the one before, so that a late answer never replaces a newer one. */
async function keepFresh() {
  try {
    await refresh();
  } finally {
    setTimeout(() => void keepFresh(), REFRESH_MS);
  }
}

async function refresh() {
  const found = await ask("/api/overview").catch(() => null);
  if (found === null) return showGone();
  latest = found;
  document.body.classList.remove("gone");
  const { name, headline, facts } = found;
  place("name").textContent = `binlog-router ${name}`;
  place("dot").className = `dot ${headline.level}`;
  document.title = `${headline.level === "well" ? "" : "● "}${name}: ${headline.text}`;
  place("clock").textContent =
    `running for ${duration(facts.nowMs - facts.startedMs).replace(/\.\d s/, " s")}`;
  showHeadline(headline);
  await draw();
  await live?.refresh().catch(() => undefined);
}

function showGone() {
  document.body.classList.add("gone");
  document.title = "● npm start no longer answers";
  place("headline").className = "headline stopped";
  place("dot").className = "dot stopped";
  show(
    place("headline"),
    h("div", {}, h("h1", {}, "npm start no longer answers. The facts below are out of date.")),
  );
  say("npm start no longer answers.");
}

/**
 * Announces a state to screen readers, unless only its numbers have changed: a duration grows with
 * every refresh.
 */
function say(text) {
  const withoutNumbers = text.replaceAll(/\d[\d,.]*/g, "0");
  if (said === withoutNumbers) return;
  said = withoutNumbers;
  place("said").textContent = text;
}

function showHeadline({ level, findings }) {
  place("headline").className = `headline ${level}`;
  const items = findings.map((finding) =>
    h(
      "li",
      { class: finding.level },
      `${finding.text} `,
      h("a", { href: `#runbook/${finding.heading}` }, `Runbook: ${finding.heading}`),
    ),
  );
  const list = items.length === 0 ? null : h("ul", {}, ...items);
  show(place("headline"), h("div", {}, h("h1", {}, WORDS[level]), list));
  const texts = findings.map(({ text, heading }) => `${text} Runbook: ${heading}.`);
  say([WORDS[level], ...texts].join(" "));
}

async function draw() {
  showNavigation();
  const { page, detail } = route();
  if (latest === null || live !== null) return;
  const key = `${page}/${detail}`;
  const children = await pageChildren(page, detail).catch(notAnswered);
  if (key !== `${route().page}/${route().detail}`) return;
  if (drawn === key) show(place("main"), ...children);
  else place("main").replaceChildren(...children);
  drawn = key;
}

/** The name of a page, for screen readers; the runbook's pages are not in the navigation. */
function nameOf(page) {
  return PAGES.find(([path]) => path === page)?.[1] ?? "Runbook";
}

/** What a page shows when the server cannot ask its part. */
function notAnswered(error) {
  const text = `This page cannot be shown now: ${error.message}`;
  return [h("p", { class: "card trouble" }, text)];
}

async function pageChildren(page, detail) {
  switch (page) {
    case "alarms":
      return detail === "" ? alarmList(latest) : alarmPage(detail);
    case "queues":
      return detail === "" ? queueList(latest) : queuePage(detail);
    case "failures":
      return failureList(latest);
    case "changes":
      return changeList();
    case "runbook":
      return runbookPage(detail);
    default:
      return overview(latest);
  }
}

function showNavigation() {
  const { page } = route();
  const ringing = latest?.facts.alarms.filter(({ state }) => state === "ALARM").length ?? 0;
  const parked = latest?.facts.failures.changes ?? 0;
  const badges = { alarms: [ringing, "ring"], failures: [parked, "parked"] };
  const links = PAGES.map(([path, words]) =>
    h(
      "a",
      { href: `#${path}`, "aria-current": path === page ? "page" : null },
      words,
      ...numberBadge(path, badges[path]),
    ),
  );
  show(place("nav"), ...links);
}

/** The number behind a page's name, and in words that are only heard what it counts. */
function numberBadge(path, [number, what] = [0]) {
  if (number === 0) return [];
  const kind = path === "alarms" ? "stopped" : "trouble";
  return [" ", badge(count(number), kind), heard(` ${what}`)];
}
