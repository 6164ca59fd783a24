import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { describe, expect, test } from "vitest";
import { addAnswer, type OperatorAnswer, withAnswer } from "../../../wire/operator-answers.ts";
import { formatPosition } from "../../../wire/position.ts";
import { authorAt, orderKeyOf, type SessionEntry, unknownFrom } from "../../../wire/session.ts";

const at = (n: number): string => formatPosition({ epoch: 1, file: 1, offset: n, row: 0 });
const orderKey = orderKeyOf({ run: 1 });
const answer = (user: string, from: number, until: number, isLimited = true): OperatorAnswer => ({
  from: at(from),
  until: at(until),
  user,
  host: "",
  isLimited,
});
const added = (...answers: readonly OperatorAnswer[]): OperatorAnswer[] =>
  answers.reduce<OperatorAnswer[]>((all, one) => addAnswer(all, one, orderKey), []);

describe("an operator's answer", () => {
  test("replaces those that it covers", () => {
    expect(added(answer("x", 2, 4), answer("y", 1, 5))).toEqual([answer("y", 1, 5)]);
    const apart = [answer("x", 2, 6), answer("y", 1, 5)];
    expect(added(...apart)).toEqual(apart);
  });

  test("is joined with an adjoining one for the same user, but not across a gap", () => {
    const many = Array.from({ length: 1000 }, (_, n) => answer("x", n, n + 1));
    expect(added(...many)).toEqual([answer("x", 0, 1000)]);
    const apart = [answer("x", 1, 3), answer("x", 4, 5)];
    expect(added(...apart)).toEqual(apart);
  });

  test("adds one entry, however often the same user is named for what follows", () => {
    const entries = Array.from({ length: 100 }, (_, n) => answer("x", n, n + 1)).reduce<
      SessionEntry[]
    >((all, one) => withAnswer(all, one, orderKey), []);
    expect(entries).toEqual([
      { from: at(0), user: "x", host: "", attribution: "operator" },
      unknownFrom(at(100)),
    ]);
  });

  test("changes nothing if it ends where it begins, or before", () => {
    const entries: SessionEntry[] = [{ from: at(1), user: "a", host: "h", attribution: "ledger" }];
    expect(withAnswer(entries, answer("x", 5, 5), orderKey)).toEqual(entries);
    expect(withAnswer(entries, answer("x", 7, 5), orderKey)).toEqual(entries);
  });

  test("means the same among fewer answers, whatever the reader records", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = new SeededRandom(seed);
    const below = (n: number): number => random.below(n);
    const user = (): string => "xyz".charAt(below(3));
    for (let round = 0; round < 2_000; round++) {
      const answers = Array.from({ length: 1 + below(6) }, () => {
        const from = below(10);
        return answer(user(), from, from + 1 + below(5), below(4) > 0);
      });
      const entries = Array.from({ length: below(4) }, () => below(16))
        .sort((a, b) => a - b)
        .map((n): SessionEntry =>
          below(3) === 0
            ? unknownFrom(at(n))
            : { from: at(n), user: `r${n}`, host: "h", attribution: "ledger" },
        );
      const authors = (list: readonly OperatorAnswer[]): (string | undefined)[] => {
        const known = list.reduce<SessionEntry[]>(
          (all, one) => withAnswer(all, one, orderKey),
          entries,
        );
        return Array.from({ length: 18 }, (_, n) => authorAt(known, at(n), orderKey)?.user);
      };
      expect(authors(added(...answers)), `seed ${seed}, round ${round}`).toEqual(authors(answers));
    }
  });
});
