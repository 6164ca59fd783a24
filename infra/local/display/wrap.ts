const INDENT = "  ";

/** The text in lines of at most `width` signs. It breaks at spaces, and cuts longer words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || length(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `${INDENT}${word}`;
  }
  return [...lines, line].map((one) => cut(one, width));
}

/** The text's first signs, with an ellipsis if it is longer than `width`. */
export function cut(text: string, width: number): string {
  return length(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, width - 1)
        .join("")}…`;
}

function length(text: string): number {
  return Array.from(text).length;
}
