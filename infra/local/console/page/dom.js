/** Small helpers to make and replace elements. Text from the server is never parsed as HTML. */
/**
 * An element: `h("a", { href: "#x", class: "y" }, "text", child)`. Children that are null or
 * undefined, and attributes that are null, undefined or false, are left out.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text that is only heard: it is read to people who cannot see what stands beside it. */
export function heard(text) {
  return h("span", { class: "heard" }, text);
}

/**
 * Replaces an element's children unless the HTML stays the same, so that focus, selection and
 * screen readers are not disturbed. When it replaces them, it restores the focus, and how far tables
 * are scrolled.
 */
export function show(element, ...children) {
  const next = h("div", {}, ...children);
  if (element.innerHTML === next.innerHTML) return;
  const isFocused = element !== document.activeElement && element.contains(document.activeElement);
  const focused = isFocused ? placeOf(element, document.activeElement) : null;
  const scrolled = [...element.querySelectorAll(SCROLLS)].map(({ scrollLeft }) => scrollLeft);
  element.replaceChildren(...next.childNodes);
  for (const [at, one] of element.querySelectorAll(SCROLLS).entries())
    one.scrollLeft = scrolled[at] ?? 0;
  if (focused !== null) elementAt(element, focused)?.focus({ preventScroll: true });
}

const SCROLLS = ".scroll";
const FOCUSABLE = "a, button, select, summary, [tabindex]";

/** Where the focused element is: its name, and its index among the focusable elements in `root`. */
function placeOf(root, focused) {
  return { name: nameOf(focused), at: [...root.querySelectorAll(FOCUSABLE)].indexOf(focused) };
}

/** The element of that name; if there is none any more, the one at that index. */
function elementAt(root, { name, at }) {
  const all = [...root.querySelectorAll(FOCUSABLE)];
  if (nameOf(all[at]) === name) return all[at];
  return all.find((one) => nameOf(one) === name) ?? all[at];
}

function nameOf(element) {
  return element?.getAttribute("href") ?? element?.getAttribute("aria-label");
}

/**
 * A table with a name for screen readers; each column is [heading, cell of a row, class]. The first
 * cell of a row names the row. On a narrow screen, style.css puts the cells of a row below each
 * other, each behind its heading; the roles keep it a table for screen readers.
 */
export function table(caption, columns, rows) {
  const head = columns.map(([title, , kind]) =>
    h("th", { scope: "col", role: "columnheader", class: kind }, title),
  );
  const body = rows.map((row) =>
    h(
      "tr",
      { role: "row" },
      ...columns.map(([title, cell, kind], at) =>
        at === 0
          ? h("th", { scope: "row", role: "rowheader", class: kind }, cell(row))
          : h("td", { role: "cell", class: kind, "data-label": title }, cell(row)),
      ),
    ),
  );
  return scrolling(caption, head, body);
}

/** The elements of a table around the cells of its head and the rows of its body. */
export function scrolling(caption, head, body) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { role: "table", "aria-label": caption },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
      h("tbody", { role: "rowgroup" }, ...body),
    ),
  );
}

export function badge(text, kind = "") {
  return h("span", { class: `badge ${kind}` }, text);
}

/** A server that was suspended keeps its connections and says nothing. */
const LONGEST_ANSWER_MS = 10_000;

/**
 * The parsed answer of a view; null when there is no such thing. Throws the server's error, or a
 * TimeoutError.
 */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch(query === "" ? path : `${path}?${query}`, {
    signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
  });
  if (response.status >= 500) throw new Error(await response.text());
  return response.ok ? response.json() : null;
}
