import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { subFrame } from "../../../../functions/frame/sub-frame.ts";
import { MESSAGE_BYTES } from "../../../../wire/frame.ts";
import { ofThisRelease, SOURCE, TestLane } from "../../../support/functions/frames.ts";

// Otherwise a parked change's messages would be others than those of an earlier attempt.
test("a part of a frame asks for the same kind of messages as the frame", () => {
  const former = new TestLane().frame([{}, {}]);
  const kinds = [former, ofThisRelease(former)].map((text) => {
    const frame = readFrame(text, SOURCE);
    const part = readFrame(subFrame(frame, frame.changes.slice(1)), SOURCE);
    return [part.idsByChanges, part.messageBytes];
  });
  expect(kinds).toEqual([
    [undefined, undefined],
    [true, MESSAGE_BYTES],
  ]);
});
