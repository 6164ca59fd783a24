import { h, scrolling } from "./dom.js";

/**
 * Converts the runbook's Markdown to elements: paragraphs, lists, tables, code, bold text, and
 * links to other headings.
 */
export function markdown(text) {
  const blocks = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    if (line.startsWith("```")) {
      const end = lines.indexOf("```", at + 1);
      const code = lines.slice(at + 1, end).join("\n");
      blocks.push(
        h("pre", { tabindex: "0", role: "region", "aria-label": "Code" }, h("code", {}, code)),
      );
      at = end + 1;
    } else if (line.startsWith("|")) {
      const rows = takeWhile(lines, at, (one) => one.startsWith("|"));
      blocks.push(markdownTable(rows));
      at += rows.length;
    } else if (/^[-*] /.test(line)) {
      const items = takeWhile(lines, at, (one) => one.trim() !== "");
      const texts = items
        .join("\n")
        .split(/^[-*] /m)
        .slice(1);
      blocks.push(h("ul", {}, ...texts.map((item) => h("li", {}, ...inline(item)))));
      at += items.length;
    } else if (line.trim() === "") at++;
    else {
      const paragraph = takeWhile(
        lines,
        at,
        (one) => one.trim() !== "" && !/^(```|\||[-*] )/.test(one),
      );
      blocks.push(h("p", {}, ...inline(paragraph.join(" "))));
      at += Math.max(1, paragraph.length);
    }
  }
  return blocks;
}

function takeWhile(lines, from, matches) {
  let end = from;
  while (end < lines.length && matches(lines[end])) end++;
  return lines.slice(from, end);
}

function markdownTable(rows) {
  const cells = rows
    .filter((row) => !/^[|\s:-]+$/.test(row))
    .map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  const [head = [], ...body] = cells;
  return scrolling(
    "Table",
    head.map((cell) => h("th", { scope: "col", role: "columnheader" }, ...inline(cell))),
    body.map((row) =>
      h(
        "tr",
        { role: "row" },
        ...row.map((cell, at) =>
          h("td", { role: "cell", "data-label": head[at] }, h("span", {}, ...inline(cell))),
        ),
      ),
    ),
  );
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/s.exec(part);
    if (link === null) return part;
    const [, words, target] = link;
    return target.startsWith("#")
      ? h("a", { href: `#runbook/${words.replaceAll("\n", " ")}` }, words)
      : words;
  });
}
