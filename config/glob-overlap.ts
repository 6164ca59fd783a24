/**
 * Whether a name exists that both patterns match (`*`: any number of characters, `?`: exactly one).
 */
export function globsOverlap(left: string, right: string): boolean {
  const a = Array.from(left);
  const b = Array.from(right);
  const known = new Map<number, boolean>();

  /** Whether the rest of `a` from i and the rest of `b` from j can match the same text. */
  function overlap(i: number, j: number): boolean {
    const place = i * (b.length + 1) + j;
    const answer = known.get(place);
    if (answer !== undefined) return answer;
    const result = decide(i, j);
    known.set(place, result);
    return result;
  }

  function decide(i: number, j: number): boolean {
    const x = a[i];
    const y = b[j];
    if (x === undefined && y === undefined) return true;
    if (x === "*") return overlap(i + 1, j) || (y !== undefined && overlap(i, j + 1));
    if (y === "*") return overlap(i, j + 1) || (x !== undefined && overlap(i + 1, j));
    if (x === undefined || y === undefined) return false;
    return (x === y || x === "?" || y === "?") && overlap(i + 1, j + 1);
  }

  return overlap(0, 0);
}
