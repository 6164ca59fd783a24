import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { subFrame } from "../../../../functions/frame/sub-frame.ts";
import { ofThisRelease, SOURCE, TestLane } from "../../../support/functions/frames.ts";

// Otherwise a parked change's messages would get other ids than those of an earlier attempt.
test("a part of a frame asks for the same kind of message ids as the frame", () => {
  const former = new TestLane().frame([{}, {}]);
  const kinds = [former, ofThisRelease(former)].map((text) => {
    const frame = readFrame(text, SOURCE);
    return readFrame(subFrame(frame, frame.changes.slice(1)), SOURCE).idsByChanges;
  });
  expect(kinds).toEqual([undefined, true]);
});
