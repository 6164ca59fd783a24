import { expect, test } from "vitest";
import { longComments } from "../../support/repository/comment-width.ts";

test("no comment is wider than the code", () => {
  expect(longComments()).toEqual([]);
});
