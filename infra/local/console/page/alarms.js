import { ask, badge, h, table } from "./dom.js";
import { clockTime, count } from "./format.js";
import { markdown } from "./markdown.js";

const STATES = {
  ALARM: ["rings", "stopped"],
  OK: ["OK", "well"],
  INSUFFICIENT_DATA: ["not enough data", ""],
  NOT_HERE: ["not here", ""],
};
const ORDER = ["ALARM", "OK", "INSUFFICIENT_DATA", "NOT_HERE"];

/** All alarms: first those that ring, then those with the most breaching periods. */
export function alarmList({ facts }) {
  const sorted = facts.alarms.toSorted((one, other) => weight(one) - weight(other));
  const ringing = facts.alarms.filter(({ state }) => state === "ALARM").length;
  return [
    h(
      "h2",
      {},
      `${count(facts.alarms.length)} alarms, ${ringing === 0 ? "none rings" : `${ringing} ring`}`,
    ),
    h(
      "p",
      { class: "soft" },
      "These are the alarms of the synthesized template. Once a minute, CloudWatch's rules are applied to the metrics of this run. An alarm rings only after its periods, so the line above shows trouble earlier. Until they have passed since the start, there is not enough data.",
    ),
    h("div", { class: "alarms" }, ...sorted.map(alarmCard)),
  ];
}

function weight(alarm) {
  return isComing(alarm) ? 1 - alarm.breaching / 1000 : ORDER.indexOf(alarm.state) * 2;
}

/** Whether some of the latest periods breach, but too few to ring, or too early. */
function isComing({ state, breaching }) {
  return state !== "ALARM" && state !== "NOT_HERE" && breaching > 0;
}

function alarmCard(alarm) {
  const [words, kind] = STATES[alarm.state];
  const coming = isComing(alarm);
  const progress = `${alarm.breaching} of ${alarm.toAlarm} periods`;
  return h(
    "a",
    {
      class: `card ${alarm.state === "ALARM" ? "stopped" : coming ? "trouble" : ""}`,
      href: `#alarms/${encodeURIComponent(alarm.name)}`,
    },
    h("span", {}, badge(words, kind)),
    h("strong", {}, alarm.shortName),
    h("span", { class: "small soft" }, coming ? badge(progress, "trouble") : alarm.severity),
  );
}

/** One alarm with its reason, its history and its section of the runbook. */
export async function alarmPage(name) {
  const alarm = await ask("/api/alarm", { name });
  if (alarm === null) return [h("h2", {}, "There is no such alarm.")];
  const runbook = await ask("/api/runbook", { heading: alarm.heading });
  const [words, kind] = STATES[alarm.state];
  const history = alarm.history.map((one) => ({ ...one, words: STATES[one.to][0] }));
  return [
    h("p", {}, h("a", { href: "#alarms" }, "← all alarms")),
    h("div", { class: "head" }, h("h2", {}, alarm.shortName), badge(words, kind)),
    h(
      "div",
      { class: "two" },
      h(
        "section",
        { class: "card" },
        h("h3", {}, "State"),
        h("p", {}, alarm.meaning),
        h("p", {}, alarm.reason),
        h("p", { class: "soft small" }, alarm.condition),
        h("h3", {}, "History"),
        history.length === 0
          ? h("p", { class: "soft" }, `Unchanged since ${clockTime(alarm.sinceMs)}.`)
          : table(
              "History",
              [
                ["at", ({ atMs }) => clockTime(atMs)],
                ["became", (one) => one.words],
                ["because", ({ reason }) => reason, "wrap"],
              ],
              history,
            ),
      ),
      h(
        "section",
        { class: "card runbook" },
        h("h3", {}, `Runbook: ${alarm.heading}`),
        ...runbookText(runbook),
      ),
    ),
  ];
}

export async function runbookPage(heading) {
  const text = await ask("/api/runbook", { heading });
  return [
    h("h2", {}, `Runbook: ${heading}`),
    h("section", { class: "card runbook" }, ...runbookText(text)),
  ];
}

/** A section of the runbook, which is written for a deployment, and where its logs are here. */
function runbookText(text) {
  if (text === null) return ["There is no such heading."];
  return [
    ...markdown(text),
    h(
      "p",
      { class: "soft" },
      "On this machine: the logs of the reader and the functions are in ",
      h("code", {}, ".local/log"),
      " (with ",
      h("code", {}, "--state DIR"),
      " in ",
      h("code", {}, "DIR/log"),
      "), and the commands need no ",
      h("code", {}, "--stack"),
      ".",
    ),
  ];
}
