import { buildSync, type BuildOptions } from "esbuild";
import { expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

/** What would be in a bundle. */
function outputOf(entry: string, options: BuildOptions = {}) {
  const { metafile } = buildSync({
    absWorkingDir: REPOSITORY_ROOT,
    entryPoints: [entry],
    outfile: "bundle.mjs",
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    metafile: true,
    ...options,
  });
  const [output] = Object.values(metafile?.outputs ?? {});
  if (output === undefined) throw new Error("esbuild has made no file");
  return output;
}

it("the reader loads the S3 client only when it needs it", () => {
  const { imports } = outputOf("reader/main.ts", { packages: "external" });
  const kinds = imports.filter(({ path }) => path === "@aws-sdk/client-s3").map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["dynamic-import"]));
});

// `import { z } from "zod"` would bring all of them.
it.each(["reader/main.ts", "functions/main/route.ts"])(
  "%s has zod without its translations",
  (entry) => {
    const { inputs } = outputOf(entry);
    const ofZod = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      path.includes("node_modules/zod/") && bytesInOutput > 0 ? [path] : [],
    );
    expect(ofZod.length).toBeGreaterThan(3);
    expect(ofZod.filter((path) => path.includes("/locales/"))).toEqual([
      expect.stringMatching(/\/locales\/en\.js$/),
    ]);
  },
);
