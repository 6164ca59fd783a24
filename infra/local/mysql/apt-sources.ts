/**
 * The addresses of Debian's own archive in this machine's apt source lists, in both formats (`deb
 * URI suite component…` lines; deb822 paragraphs). Other archives are left out, and so is Debian's
 * security archive, which has no sid: an address must end in `/debian` and offer `main`, and a key
 * named for it must be Debian's archive keyring.
 */
export function debianMirrors(texts: readonly string[]): string[] {
  const sources = texts.flatMap((text) => [...lineSources(text), ...paragraphSources(text)]);
  const mirrors = sources
    .filter(
      (source) =>
        source.components.includes("main") &&
        (source.signedBy === "" || source.signedBy.includes("debian-archive")),
    )
    .flatMap((source) => source.uris)
    .map((uri) => uri.replace(/\/+$/, ""))
    .filter(
      (uri) => /^https?:.*\/debian$/.test(uri) || /^mirror\+file:.*\/debian\.list$/.test(uri),
    );
  return [...new Set(mirrors)];
}

interface Source {
  readonly uris: readonly string[];
  readonly components: readonly string[];
  readonly signedBy: string;
}

function lineSources(text: string): Source[] {
  return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+\S+\s+([^#\n]*)/gm)].map(
    ([, options = "", uri = "", components = ""]) => ({
      uris: [uri],
      components: words(components),
      signedBy: /\bsigned-by=(\S+)/i.exec(options)?.[1] ?? "",
    }),
  );
}

function paragraphSources(text: string): Source[] {
  return text
    .replace(/^#.*\n?/gm, "")
    .split(/\n\s*\n/)
    .map((paragraph) => fields(paragraph))
    .filter((field) => words(field.get("types")).includes("deb") && field.get("enabled") !== "no")
    .map((field) => ({
      uris: words(field.get("uris")),
      components: words(field.get("components")),
      signedBy: field.get("signed-by") ?? "",
    }));
}

/**
 * The fields of a deb822 paragraph by lower-case name. A line that begins with a blank continues
 * the line before.
 */
function fields(paragraph: string): ReadonlyMap<string, string> {
  const unfolded = paragraph.replace(/\n[ \t]+/g, " ");
  return new Map(
    [...unfolded.matchAll(/^([\w-]+):[ \t]*(.*)$/gm)].map(([, name = "", value = ""]) => [
      name.toLowerCase(),
      value.trim(),
    ]),
  );
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
