import { ask, badge, h, table } from "./dom.js";
import { clockTime, count, duration } from "./format.js";

const STATES = { visible: "waiting", inFlight: "in flight", delayed: "delayed" };

/** All queues with their counts. */
export function queueList({ facts }) {
  const rows = [facts.raw, ...facts.queues].flatMap(({ name, deadName, counts, dead }) => [
    { name, counts, isDead: false },
    { name: deadName, counts: dead === null ? null : { visible: dead }, isDead: true },
  ]);
  return [
    h("h2", {}, "Queues"),
    h(
      "p",
      { class: "soft" },
      "This page does not receive messages: it hides none from the applications, and counts no receipt.",
    ),
    h(
      "div",
      { class: "card" },
      table(
        "Queues",
        [
          ["queue", ({ name }) => h("a", { href: `#queues/${name}` }, name), "wrap"],
          [
            "state",
            ({ counts }) =>
              counts === null ? badge("does not exist", "trouble") : badge("there", "well"),
          ],
          [
            "waiting",
            ({ counts, isDead }) =>
              isDead && counts?.visible > 0
                ? badge(count(counts.visible), "trouble")
                : count(counts?.visible),
            "number",
          ],
          ["in flight", ({ counts }) => count(counts?.inFlight), "number"],
          ["sent", ({ counts }) => count(counts?.sent), "number"],
          ["oldest", ({ counts }) => duration(counts?.oldestAgeMs), "number"],
        ],
        rows,
      ),
    ),
  ];
}

/** The messages of one queue. */
export async function queuePage(queue) {
  const messages = await ask("/api/messages", { queue });
  const back = h("p", {}, h("a", { href: "#queues" }, "← all queues"));
  if (messages === null) return [back, h("h2", {}, `${queue} does not exist`)];
  return [
    back,
    h("h2", {}, queue),
    messages.length === 0
      ? h("p", { class: "soft" }, "The queue is empty.")
      : h(
          "div",
          { class: "card" },
          table(
            `Messages of ${queue}`,
            [
              ["group", ({ group }) => group ?? "–", "wrap"],
              ["state", ({ state }) => STATES[state]],
              ["sent", ({ sentAtMs }) => clockTime(sentAtMs)],
              ["received", ({ receiveCount }) => `${receiveCount} ×`, "number"],
              ["characters", ({ length }) => count(length), "number"],
              ["data", ({ id }) => bodyButton("/api/body", { queue, id }, `message ${id}`)],
            ],
            messages,
          ),
        ),
  ];
}

/** A button that requests and shows the row data of `what` when it is pressed. */
export function bodyButton(path, parameters, what) {
  const name = `Row data of ${what}`;
  return h(
    "button",
    { type: "button", class: "line small", "aria-label": name, onclick: open },
    "Row data",
  );

  async function open() {
    const text = await ask(path, parameters).then(
      (found) => (found === null ? "It no longer exists." : pretty(found.body)),
      ({ message }) => `It cannot be read now: ${message}`,
    );
    const close = () => dialog.close();
    const dialog = h(
      "dialog",
      { class: "card", "aria-label": name, onclose: leave },
      h(
        "div",
        { class: "head" },
        h("h3", {}, "Row data"),
        h("button", { type: "button", onclick: close }, "Close"),
      ),
      h("pre", { tabindex: "0", role: "region", "aria-label": "Text of the row data" }, text),
    );
    document.body.append(dialog);
    dialog.showModal();

    /** Gives the focus back to the button, which may have been drawn again meanwhile. */
    function leave() {
      dialog.remove();
      const buttons = [...document.querySelectorAll("#main button")];
      (buttons.find((one) => one.ariaLabel === name) ?? document.getElementById("main")).focus();
    }
  }
}

/** Indents JSON. Where the browser cannot keep the digits of its numbers, it returns the text. */
function pretty(text) {
  if (JSON.rawJSON === undefined) return text;
  try {
    return JSON.stringify(JSON.parse(text, asWritten), null, 2);
  } catch {
    return text;
  }
}

function asWritten(_key, value, { source }) {
  return typeof value === "number" ? JSON.rawJSON(source) : value;
}
