import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instance } from "@viz-js/viz";

/** Where the texts of the pictures are, and the pictures beside them. */
const PICTURES = join(import.meta.dirname, "../../../docs/pictures");

const ATTRIBUTES = {
  graphAttributes: {
    bgcolor: "transparent",
    fontname: "Helvetica,Arial,sans-serif",
    fontsize: 12,
    style: "rounded",
  },
  nodeAttributes: { fontname: "Helvetica,Arial,sans-serif", fontsize: 12, margin: "0.3,0.08" },
  edgeAttributes: { fontname: "Helvetica,Arial,sans-serif", fontsize: 11, arrowsize: 0.7 },
};

/**
 * Lines and letters take the colour of the page around them, light or dark, where the picture is
 * shown as an image.
 */
const STYLE = `<style>
svg { color: #1f2328; }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; } }
.node path, .node polygon, .node ellipse { fill: none; stroke: currentColor; }
.edge path, .cluster path, .cluster polygon { fill: none; stroke: currentColor; }
.cluster path, .cluster polygon { stroke-opacity: 0.4; stroke-dasharray: 4 3; }
.edge polygon { fill: currentColor; stroke: currentColor; }
text { fill: currentColor; }
</style>`;

/** Each picture's name and what Graphviz draws from its text. */
export async function drawings(): Promise<ReadonlyMap<string, string>> {
  const viz = await instance();
  return new Map(
    readdirSync(PICTURES)
      .filter((name) => name.endsWith(".dot"))
      .map((name) => {
        const drawn = viz.renderString(readFileSync(join(PICTURES, name), "utf8"), {
          format: "svg",
          ...ATTRIBUTES,
        });
        return [name.replace(/\.dot$/, ".svg"), coloured(drawn)];
      }),
  );
}

/** Without Graphviz's own colours and its preamble. */
function coloured(svg: string): string {
  return svg
    .slice(svg.indexOf("<svg"))
    .replace(/<!--.*?-->\n?/gs, "")
    .replaceAll(/ (fill|stroke)="(black|transparent|none)"/g, "")
    .replace(/(<svg[^>]*>)/, `$1\n${STYLE}`);
}

if (import.meta.main) {
  for (const [name, svg] of await drawings()) writeFileSync(join(PICTURES, name), svg);
}
