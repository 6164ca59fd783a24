/** A JavaScript number keeps every number with fewer digits. */
const LONG = 16;
const POINT = 46;
const NINE = 57;
const COLON = 58;
const QUOTE = '"';
const BACKSLASH = 92;
/** Characters that may precede a number. */
const MAY_PRECEDE_NUMBER = ":,[ \n\r\t";
/** Characters that may precede a string, and the backslash, behind which a quote is text. */
const LEAVES_OPEN = ":,[{ \n\r\t\\";
/** How far back a number's beginning is looked for, before a run counts as part of a number. */
const LOOK_BACK = 64;

/**
 * The start of the next run of at least 16 digits and points that may belong to a number, or -1.
 * Only every 16th character is tested, because a run of 16 contains one of them. Where the
 * characters before the run cannot begin a number, it is inside a string. The positions in every
 * message are skipped this way, and digits in hexadecimal texts.
 *
 * @param from no run begins before it and ends behind it
 */
export function nextLongRun(text: string, from: number): number {
  for (let probe = from + LONG - 1; probe < text.length; probe += LONG) {
    if (!isDigitOrPoint(text, probe)) continue;
    let start = probe;
    while (isDigitOrPoint(text, start - 1)) start--;
    let end = probe + 1;
    while (isDigitOrPoint(text, end)) end++;
    if (end - start >= LONG && !isKept(text, start, end) && mayBeInNumber(text, start)) {
      return start;
    }
    // The characters before `end` need no second look.
    if (end > probe + LONG) probe = end - LONG;
  }
  return -1;
}

/**
 * Whether a run is all of a number of 16 digits below 9 * 10^15, or of 15 digits and a point. A
 * JavaScript number keeps them, and in a string they mean no number. Microseconds since 1970 are
 * such a number.
 */
function isKept(text: string, start: number, end: number): boolean {
  return (
    end - start === LONG &&
    text.charCodeAt(start) < NINE &&
    MAY_PRECEDE_NUMBER.includes(text.charAt(start - 1)) &&
    !isInNumber(text, end)
  );
}

/** Whether the characters before a run of digits and points can be the beginning of a number. */
function mayBeInNumber(text: string, run: number): boolean {
  const start = startNearby(text, run);
  return start <= run - LOOK_BACK || MAY_PRECEDE_NUMBER.includes(text.charAt(start - 1));
}

/**
 * Whether the run's number stands behind a member's key, which its three characters before show:
 * the end of the key, a quote, a colon. The quote begins no string there, because what precedes a
 * string is one of the other characters. False when these three leave it open.
 */
export function isBehindKey(text: string, run: number): boolean {
  const start = startNearby(text, run);
  return (
    text.charCodeAt(start - 1) === COLON &&
    text.charAt(start - 2) === QUOTE &&
    !LEAVES_OPEN.includes(text.charAt(start - 3))
  );
}

/** The start of the number that may contain the run, looked for in LOOK_BACK characters. */
function startNearby(text: string, run: number): number {
  const least = Math.max(0, run - LOOK_BACK);
  let start = run;
  while (start > least && isInNumber(text, start - 1)) start--;
  return start;
}

/**
 * Skips the strings that begin before `place`, starting at `outside`, a place outside of any
 * string. A result beyond `place` means that `place` is inside a string.
 */
export function endOfStringsBefore(text: string, outside: number, place: number): number {
  let at = outside;
  for (;;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote === -1 || quote >= place) return at;
    at = endOfString(text, quote);
    if (at > place) return at;
  }
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function isDigitOrPoint(text: string, at: number): boolean {
  return isDigit(text, at) || text.charCodeAt(at) === POINT;
}

/** The end of a run that begins at `start`. */
export function endOfDigitsAndPoints(text: string, start: number): number {
  let end = start;
  while (isDigitOrPoint(text, end)) end++;
  return end;
}

/** The start of the number that contains the digits at `run`, which lie outside of strings. */
export function startOfNumber(text: string, run: number): number {
  let start = run;
  while (isInNumber(text, start - 1)) start--;
  return start;
}

/** The end of the number that begins at `start`. */
export function endOfNumber(text: string, start: number): number {
  let end = start;
  while (isInNumber(text, end)) end++;
  return end;
}

/**
 * Whether there is one of the characters of numbers. JSON.parse refuses combinations that are not a
 * number.
 */
function isInNumber(text: string, at: number): boolean {
  return isDigitOrPoint(text, at) || SIGNS.includes(text.charCodeAt(at));
}

const SIGNS = Array.from("-+eE", (sign) => sign.charCodeAt(0));

/**
 * The place after the closing quote of the string that opens at `start`; the end of the text when
 * the string is not closed.
 */
function endOfString(text: string, start: number): number {
  let quote = start;
  for (;;) {
    quote = text.indexOf('"', quote + 1);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
