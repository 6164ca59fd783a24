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

/**
 * Replaces an element's children unless the HTML stays the same, so that focus, selection and
 * screen readers are not disturbed. When it replaces them, it restores the focus.
 */
export function show(element, ...children) {
  const next = h("div", {}, ...children);
  if (element.innerHTML === next.innerHTML) return;
  const focused = element.contains(document.activeElement) ? pathOf(element) : null;
  element.replaceChildren(...next.childNodes);
  if (focused !== null) elementAt(element, focused)?.focus({ preventScroll: true });
}

/** The index of the focused element among the focusable elements in `root`. */
function pathOf(root) {
  return [...root.querySelectorAll("a, button, select, summary")].indexOf(document.activeElement);
}

function elementAt(root, place) {
  return root.querySelectorAll("a, button, select, summary")[place];
}

/** A table with a caption for screen readers; each column is [heading, cell of a row, class]. */
export function table(caption, columns, rows) {
  const head = columns.map(([title, , kind]) => h("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) =>
    h("tr", {}, ...columns.map(([, cell, kind]) => h("td", { class: kind }, cell(row)))),
  );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { "aria-label": caption },
      h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, ...body),
    ),
  );
}

export function badge(text, kind = "") {
  return h("span", { class: `badge ${kind}` }, text);
}

/** The parsed answer of a view; null when the server returns an error. */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch(query === "" ? path : `${path}?${query}`);
  return response.ok ? response.json() : null;
}
