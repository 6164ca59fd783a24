import { buildSync } from "esbuild";
import { expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

it("the reader loads the S3 client only when it needs it", () => {
  const { metafile } = buildSync({
    absWorkingDir: REPOSITORY_ROOT,
    entryPoints: ["reader/main.ts"],
    outfile: "reader.mjs",
    write: false,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    metafile: true,
  });
  const kinds = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path }) => path === "@aws-sdk/client-s3")
    .map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["dynamic-import"]));
});
