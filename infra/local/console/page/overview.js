import { badge, h, table } from "./dom.js";
import { count, duration } from "./format.js";

/** The stations from MySQL to the queues, each with its present counts. */
export function overview({ facts, users }) {
  const environments = Map.groupBy(facts.queues, (queue) => queue.environment);
  return [
    h("h2", {}, "From MySQL to the queues"),
    h("div", { class: "way" }, source(facts), reader(facts), raw(facts), parked(facts)),
    h("h2", {}, "Environments"),
    h(
      "div",
      { class: "environments" },
      ...[...environments].map(([name, queues]) => environment(name, users[name], queues, facts)),
    ),
  ];
}

function card(title, state, kind, ...rows) {
  return h(
    "section",
    { class: `card ${kind === "well" ? "" : kind}` },
    h("div", { class: "head" }, h("h3", {}, title), badge(state, kind)),
    list(rows),
  );
}

function list(rows) {
  return h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function source({ source: { state, address, version } }) {
  const isGone = state === "ended" || state === "suspended";
  const words = state === "elsewhere" ? "another program runs it" : state;
  return card(
    "MySQL",
    words,
    isGone ? "stopped" : "well",
    ["version", version],
    ["address", address],
  );
}

function reader({ reader: found, nowMs }) {
  if (found === null) return card("Reader", "does not answer", "stopped", ["lag", "–"]);
  const reads = ["streaming", "standby", "waiting"].includes(found.state);
  return card(
    "Reader",
    found.state,
    reads ? "well" : "stopped",
    [reads ? "reading for" : "not reading for", duration(nowMs - found.sinceMs)],
    ["lag", duration(found.lagMs)],
    ["changes read", count(found.changes)],
  );
}

function raw({ raw: queue }) {
  const { counts, dead } = queue;
  const isBad = counts === null || dead > 0;
  return card(
    "Raw queue and route",
    counts === null ? "queue missing" : "routes",
    isBad ? "stopped" : "well",
    ["frames sent", count(counts?.sent)],
    ["waiting", count(counts && counts.visible + counts.delayed)],
    ["being routed", count(counts?.inFlight)],
    ["dead letters", count(dead)],
  );
}

function parked({ failures }) {
  if (failures.error !== undefined) {
    return card("Failure records and retry", "cannot be read", "trouble", [
      "error",
      failures.error,
    ]);
  }
  const isEmpty = failures.changes === 0;
  return card(
    "Failure records and retry",
    isEmpty ? "nothing parked" : `${count(failures.changes)} parked`,
    isEmpty ? "well" : "trouble",
    ["deliveries", count(failures.changes)],
    ["streams", count(failures.streams.length)],
    ["look", h("a", { href: "#failures" }, "failure records")],
  );
}

function environment(name, users, queues, { failures }) {
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
  const isBad = queues.some(
    (queue) => queue.counts === null || queue.dead > 0 || waiting(queue) > 0,
  );
  return h(
    "section",
    { class: `card ${isBad ? "trouble" : ""}` },
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
