import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instance } from "@viz-js/viz";

/** The folder of the pictures and their sources. */
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

/** Gives lines and text one colour for light and one for dark mode. */
const STYLE = `<style>
svg { color: #1f2328; }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3; } }
.node path, .node polygon, .node ellipse { fill: none; stroke: currentColor; }
.edge path, .cluster path, .cluster polygon { fill: none; stroke: currentColor; }
.cluster path, .cluster polygon { stroke-opacity: 0.4; stroke-dasharray: 4 3; }
.edge polygon { fill: currentColor; stroke: currentColor; }
text { fill: currentColor; }
</style>`;

/** The SVG that Graphviz draws from each picture's source, by the name of its file. */
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

/** The drawing with our style, and without Graphviz's colours and preamble. */
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
