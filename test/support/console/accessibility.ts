import axe from "axe-core";
import type { Page } from "playwright-core";

/** The parts of axe's result that are used here. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** WCAG 2.2 to level AA, and the practices beyond it that axe knows. */
const RUN = `axe
  .run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  })
  .then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
    })),
  )`;

/**
 * What keeps people from reading the page or from using it without a mouse, in light and dark, at
 * widths of 390 and 1280 pixels: axe's serious and critical findings.
 */
export async function barriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("globalThis.axe !== undefined"))) {
    await page.evaluate(axe.source);
  }
  const found: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const violations = await page.evaluate<readonly Violation[]>(RUN);
      const serious = violations.filter(({ impact }) => /serious|critical/.test(impact));
      found.push(...serious.map((one) => describe({ colorScheme, width }, one)));
    }
  }
  return found;
}

function describe(
  { colorScheme, width }: { readonly colorScheme: string; readonly width: number },
  { id, nodes: [first] }: Violation,
): string {
  return `${colorScheme}, ${width} pixels: ${id}: ${first?.html} ${first?.failureSummary}`;
}

/** An element that the Tab key reached. */
export interface TabStop {
  readonly name: string;
  /** The width of the line around it that shows the focus, pixels; 0 without one. */
  readonly outline: number;
  /** Whether a part of it is in sight, and not behind another element. */
  readonly isInSight: boolean;
}

const NAME_OF = `(one) =>
  one.getAttribute("href") ?? one.getAttribute("aria-label") ?? one.textContent.trim()`;

const FOCUSED = `(() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { left, right, top, bottom } = one.getBoundingClientRect();
  const x = (Math.max(0, left) + Math.min(innerWidth, right)) / 2;
  const y = (Math.max(0, top) + Math.min(innerHeight, bottom)) / 2;
  const hit = document.elementFromPoint(x, y);
  return {
    name: (${NAME_OF})(one),
    outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
    isInSight: hit !== null && (one.contains(hit) || hit.contains(one)),
  };
})()`;

/** The names of all elements that a person can use or has to scroll. */
export function usable(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `[...document.querySelectorAll("a[href], button, [tabindex='0']")].map(${NAME_OF})`,
  );
}

/** More than any page of the tests has: the focus that never leaves an element is a fault. */
const MOST_STOPS = 100;

/** Presses Tab from the page's beginning to its end. Returns what it reached, in order. */
export async function tabStops(page: Page): Promise<TabStop[]> {
  await page.evaluate("document.querySelector('.skip').focus()");
  // The browser shows the focus only where a key has moved it.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  const stops: TabStop[] = [];
  while (stops.length < MOST_STOPS) {
    const stop = await page.evaluate<TabStop | null>(FOCUSED);
    if (stop === null || stop.name === stops[0]?.name) break;
    stops.push(stop);
    await page.keyboard.press("Tab");
  }
  return stops;
}

/** How many elements move by themselves: by a transition or an animation of CSS. */
export function moving(page: Page): Promise<number> {
  return page.evaluate<number>(`[...document.querySelectorAll("*")]
    .map((one) => getComputedStyle(one))
    .filter(({ transitionDuration, animationName }) =>
      !/^0s(, 0s)*$/.test(transitionDuration) || animationName !== "none").length`);
}
