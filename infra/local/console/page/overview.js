import { badge, h, table } from "./dom.js";
import { count, duration } from "./format.js";

/**
 * The stations from MySQL to the queues, each with its present counts. A card is as bad as the worst
 * finding about it, so that none is green while what it needs does not answer.
 */
export function overview({ facts, users, headline }) {
  const environments = Map.groupBy(facts.queues, (queue) => queue.environment);
  const level = (...about) => levelOf(headline.findings, about);
  return [
    h("h2", {}, "From MySQL to the queues"),
    h(
      "div",
      { class: "way" },
      source(facts, level("source")),
      reader(facts, level("reader")),
      raw(facts, level("raw")),
      parked(facts, level("failures")),
    ),
    h("h2", {}, "Environments"),
    h(
      "div",
      { class: "environments" },
      ...[...environments].map(([name, queues]) =>
        environment(name, users[name], queues, facts, level(...queues.map((one) => one.name))),
      ),
    ),
  ];
}

/** The worst level of the findings about any of these stations and queues. */
function levelOf(findings, names) {
  const levels = findings
    .filter(({ about }) => about.some((name) => names.includes(name)))
    .map(({ level }) => level);
  return ["stopped", "trouble"].find((level) => levels.includes(level)) ?? "well";
}

function card(title, state, kind, ...rows) {
  return h(
    "section",
    { class: cardClass(kind) },
    h("div", { class: "head" }, h("h3", {}, title), badge(state, kind)),
    list(rows),
  );
}

function cardClass(level) {
  return level === "well" ? "card" : `card ${level}`;
}

function list(rows) {
  return h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function source({ source: { state, address, version }, reader: found }, level) {
  const rows = [
    ["version", version],
    ["address", address],
  ];
  if (state !== "elsewhere") return card("MySQL", state, level, ...rows);
  // Only the reader tells whether a server that another program runs answers.
  return card("MySQL", "another program runs it", isReading(found) ? level : "", ...rows);
}

function reader({ reader: found, source: { state: server }, nowMs }, level) {
  if (found === null) return card("Reader", "does not answer", level, ["lag", "–"]);
  const reads = isReading(found);
  // The reader notices only after a while that the server is silent.
  const isUnnoticed = reads && (server === "ended" || server === "suspended");
  return card(
    "Reader",
    isUnnoticed ? "waits for MySQL" : found.state,
    reads || level !== "well" ? level : "",
    ...(isUnnoticed
      ? []
      : [[reads ? "reading for" : "not reading for", duration(nowMs - found.sinceMs)]]),
    ["lag", duration(found.lagMs)],
    ["changes read", count(found.changes)],
  );
}

function isReading(found) {
  return ["streaming", "standby", "waiting"].includes(found?.state);
}

function raw({ raw: { counts, dead } }, level) {
  const words = level === "well" ? "routes" : "in trouble";
  return card(
    "Raw queue and route",
    counts === null ? "queue missing" : words,
    level,
    ["frames sent", count(counts?.sent)],
    ["waiting", count(counts && counts.visible + counts.delayed)],
    ["being routed", count(counts?.inFlight)],
    ["dead letters", count(dead)],
  );
}

function parked({ failures }, level) {
  if (failures.error !== undefined) {
    return card("Failure records and retry", "cannot be read", level, ["error", failures.error]);
  }
  const isEmpty = failures.changes === 0;
  const words = level === "well" ? "nothing parked" : "in trouble";
  return card(
    "Failure records and retry",
    isEmpty ? words : `${count(failures.changes)} parked`,
    level,
    ["deliveries", count(failures.changes)],
    ["streams", count(failures.streams.length)],
    ["look", h("a", { href: "#failures" }, "failure records")],
  );
}

function environment(name, users, queues, { failures }, level) {
  const waiting = (queue) =>
    failures.streams
      ?.filter((stream) => stream.queue === queue.name)
      .reduce((sum, { changes }) => sum + changes, 0);
  const columns = [
    ["subscriber", (queue) => h("a", { href: `#queues/${queue.name}` }, queue.subscriber)],
    [
      "messages",
      ({ counts }) => (counts === null ? badge("no queue", "trouble") : count(counts.sent)),
      "number",
    ],
    ["waiting", ({ counts }) => count(counts && counts.visible + counts.delayed), "number"],
    ["in flight", ({ counts }) => count(counts?.inFlight), "number wide"],
    ["oldest", ({ counts }) => duration(counts?.oldestAgeMs), "number wide"],
    ["parked", (queue) => flagged(waiting(queue)), "number"],
    [
      "dead",
      ({ dead, deadName }) =>
        dead > 0 ? h("a", { href: `#queues/${deadName}` }, flagged(dead)) : count(dead),
      "number",
    ],
  ];
  return h(
    "section",
    { class: cardClass(level) },
    h(
      "div",
      { class: "head" },
      h("h3", {}, name),
      h(
        "span",
        { class: "soft small" },
        users === undefined ? "users of no environment" : users.join(", "),
      ),
    ),
    table(`Queues of ${name}`, columns, queues),
  );
}

function flagged(value) {
  return value > 0 ? badge(count(value), "trouble") : count(value);
}
