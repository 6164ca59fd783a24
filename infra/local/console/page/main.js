import { alarmList, alarmPage, runbookPage } from "./alarms.js";
import { changeList } from "./changes.js";
import { dashboard } from "./dashboard.js";
import { ask, badge, h, show } from "./dom.js";
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

addEventListener("hashchange", () => void navigate());
await refresh();
await navigate(false);
setInterval(() => void refresh(), REFRESH_MS);

function route() {
  const [page = "", ...rest] = location.hash.slice(1).split("/");
  return { page, detail: decodeURIComponent(rest.join("/")) };
}

async function navigate(moved = true) {
  live?.stop();
  live = null;
  if (route().page === "main") return;
  if (route().page === "dashboard") {
    live = await dashboard(() => latest);
    place("main").replaceChildren(...live.children);
  }
  await draw();
  if (moved) place("main").focus({ preventScroll: true });
  if (moved) scrollTo(0, 0);
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
  await live?.refresh();
}

function showGone() {
  place("headline").className = "headline stopped";
  place("dot").className = "dot stopped";
  show(
    place("headline"),
    h("div", {}, h("h1", {}, "npm start no longer answers. The facts below are out of date.")),
  );
}

function showHeadline({ level, findings }) {
  place("headline").className = `headline ${level}`;
  const items = findings.map((finding) =>
    h(
      "li",
      { class: finding.level },
      `${finding.text} `,
      finding.heading &&
        h("a", { href: `#runbook/${finding.heading}` }, `Runbook: ${finding.heading}`),
    ),
  );
  const list = items.length === 0 ? null : h("ul", {}, ...items);
  show(place("headline"), h("div", {}, h("h1", {}, WORDS[level]), list));
}

async function draw() {
  showNavigation();
  const { page, detail } = route();
  if (latest === null || live !== null) return;
  const key = `${page}/${detail}`;
  const children = await pageChildren(page, detail);
  if (key !== `${route().page}/${route().detail}`) return;
  if (drawn === key) show(place("main"), ...children);
  else place("main").replaceChildren(...children);
  drawn = key;
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
  const badges = { alarms: ringing, failures: parked };
  const links = PAGES.map(([path, words]) =>
    h(
      "a",
      { href: `#${path}`, "aria-current": path === page ? "page" : null },
      words,
      badges[path] > 0
        ? badge(count(badges[path]), path === "alarms" ? "stopped" : "trouble")
        : null,
    ),
  );
  show(place("nav"), ...links);
}
