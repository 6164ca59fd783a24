import uPlot from "./vendor/uplot.js";
import { ask, h } from "./dom.js";
import { figure } from "./format.js";

const COLORS = [
  "#2f7de1",
  "#e1762f",
  "#2fa866",
  "#b04fc4",
  "#c9a013",
  "#1fa5a5",
  "#d9476b",
  "#7a8694",
  "#6b63d6",
  "#8a9a2b",
  "#a8623a",
  "#4f9fd4",
];
const RANGES = [
  [5, "5 minutes"],
  [15, "15 minutes"],
  [60, "1 hour"],
  [180, "3 hours"],
];

const NEARLY_IN_SIGHT = { rootMargin: "300px" };

let minutes = 5;

/**
 * The template's dashboard. Returns its elements, and functions to refresh and to stop it. It
 * requests the data of visible graphs only.
 */
export async function dashboard(overview) {
  const widgets = (await ask("/api/dashboard")) ?? [];
  const shown = new Map();
  const inSight = new Set();
  const watcher = new IntersectionObserver((entries) => {
    let appeared = false;
    for (const { target, isIntersecting } of entries) {
      const id = Number(target.dataset["id"]);
      if (isIntersecting && !inSight.has(id)) appeared = true;
      if (isIntersecting) inSight.add(id);
      else inSight.delete(id);
    }
    if (appeared) void refresh();
  }, NEARLY_IN_SIGHT);
  const elements = widgets.map((widget) => {
    if (widget.kind === "text") return h("h2", {}, widget.markdown.replace(/^#+ /, ""));
    if (widget.kind === "alarms") return alarmWidget(widget, overview());
    const view = widget.kind === "number" ? numberWidget(widget) : graphWidget(widget);
    shown.set(widget.id, view);
    watcher.observe(view.element);
    return view.element;
  });

  async function refresh() {
    if (inSight.size === 0) return;
    const ids = [...inSight].join(",");
    for (const data of (await ask("/api/widgets", { ids, minutes })) ?? [])
      shown.get(data.id)?.draw(data);
  }

  const ranges = RANGES.map(([value, words]) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(value === minutes),
        onclick: ({ currentTarget }) => {
          minutes = value;
          for (const one of ranges) one.setAttribute("aria-pressed", String(one === currentTarget));
          void refresh();
        },
      },
      words,
    ),
  );
  return {
    children: [
      h("div", { class: "tools", role: "group", "aria-label": "Time shown" }, ...ranges),
      h("div", { class: "grid" }, ...elements),
    ],
    refresh,
    stop: () => {
      watcher.disconnect();
      for (const view of shown.values()) view.stop();
    },
  };
}

function frame({ id, width, title }, ...children) {
  const element = h(
    "figure",
    { class: "card", "data-id": String(id) },
    h("figcaption", {}, title),
    ...children,
  );
  element.style.setProperty("--columns", width);
  return element;
}

function alarmWidget(widget, { facts }) {
  const ringing = facts.alarms.filter(({ state }) => state === "ALARM");
  const words =
    ringing.length === 0 ? "No alarm rings." : ringing.map(({ shortName }) => shortName).join(", ");
  return frame(
    widget,
    h("div", { class: "big" }, h("div", {}, String(ringing.length), h("span", {}, "ring"))),
    h("p", {}, words),
    h("a", { href: "#alarms" }, "all alarms"),
  );
}

function numberWidget(widget) {
  const values = h("div", { class: "big" });
  const draw = ({ lines }) => {
    values.replaceChildren(
      ...widget.lines.map(({ label }, place) =>
        h("div", {}, figure(lines[place].at(-1)), h("span", {}, label)),
      ),
    );
  };
  return { element: frame(widget, values), draw, stop: () => undefined };
}

function graphWidget(widget) {
  const place = h("div", { class: "plot", role: "img", "aria-label": `Graph of ${widget.title}` });
  const legend = h("ul", {
    class: "legend",
    tabindex: "0",
    "aria-label": `Latest values of ${widget.title}`,
  });
  const element = frame(widget, place, legend);
  let plot = null;

  const draw = ({ times, lines }) => {
    const data = [times, ...(widget.stacked ? stack(lines) : lines)];
    legend.replaceChildren(
      ...widget.lines.map(({ label }, line) => legendItem(label, lines[line], color(line))),
    );
    if (plot === null) plot = new uPlot(options(widget, place), data, place);
    else plot.setData(data);
  };
  const resize = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: 170 }));
  resize.observe(place);
  return {
    element,
    draw,
    stop: () => {
      resize.disconnect();
      plot?.destroy();
    },
  };
}

function options({ lines, stacked }, place) {
  const axisColor = getComputedStyle(document.body).color;
  const grid = { stroke: "rgba(128, 136, 148, 0.25)", width: 1 };
  const axis = {
    stroke: axisColor,
    grid,
    ticks: grid,
    font: "11px system-ui",
    size: 50,
    values: (_, all) => all.map(figure),
  };
  const hasRight = lines.some((line) => line.axis === "right");
  return {
    width: place.clientWidth,
    height: 170,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { left: { range }, right: { range } },
    axes: [
      {
        stroke: axisColor,
        grid,
        ticks: grid,
        font: "11px system-ui",
        space: 70,
        values: (_, all) => all.map(axisTime),
      },
      { ...axis, scale: "left" },
      ...(hasRight ? [{ ...axis, scale: "right", side: 1, grid: { show: false } }] : []),
    ],
    series: [
      {},
      ...lines.map((line, place_) => ({
        label: line.label,
        scale: line.axis,
        stroke: color(place_),
        width: 1.5,
        spanGaps: true,
        points: { show: false },
        ...(stacked && { fill: `${color(place_)}40` }),
      })),
    ],
  };
}

/** The scale of an axis: from zero to a little above the highest value. */
function range(_plot, _min, max) {
  return [0, max === null || max <= 0 ? 1 : max * 1.1];
}

function axisTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** Stacks the lines: adds to each the sum of the lines before it. */
function stack(lines) {
  const sums = (lines[0] ?? []).map(() => 0);
  return lines.map((line) =>
    line.map((value, at) => {
      sums[at] += value ?? 0;
      return value === null ? null : sums[at];
    }),
  );
}

function legendItem(label, values, background) {
  const mark = h("i", {});
  mark.style.background = background;
  return h("li", {}, mark, `${label} ${figure(values.at(-1))}`);
}

function color(place) {
  return COLORS[place % COLORS.length];
}
