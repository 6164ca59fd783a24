import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KeptMessages } from "../../../sqs/kept-messages.ts";
import { contentForTest } from "../../support/queue-for-test.ts";

const MIB = 1024 * 1024;

test("a file that cannot be rewritten, as on a full disk, stays and takes further messages", async () => {
  const directory = await mkdtemp(join(tmpdir(), "local-aws-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const content = contentForTest("a".repeat(MIB));
  const add = (kept: KeptMessages, number: number) =>
    kept.of("q").added(
      {
        ...content,
        id: `${number}`,
        sequenceNumber: `${number}`,
        sentAtMs: 0,
        visibleAtMs: undefined,
        deadLetterSource: undefined,
        receiveCount: 0,
        firstReceivedAtMs: undefined,
      },
      true,
    );
  {
    using kept = await KeptMessages.open(directory);
    // The draft of the new file can be created, but nothing can be written to it.
    await symlink("/dev/full", join(directory, "messages.jsonl.draft"));
    for (let number = 1; number <= 66; number++) add(kept, number);
  }
  expect(await readdir(directory)).toEqual(["messages.jsonl"]);
  using kept = await KeptMessages.open(directory);
  expect(kept.of("q").messages).toHaveLength(66);
});
