import { expect, test } from "vitest";
import { refusal } from "../../../../../../infra/local/console/server/guard.ts";

const NAMES = ["127.0.0.1", "localhost"];
const OWN = { host: "127.0.0.1:5000" };

test.each([
  ["a person's address bar", { ...OWN, "sec-fetch-site": "none" }],
  ["the page's own requests", { ...OWN, "sec-fetch-site": "same-origin" }],
  ["the page by the name localhost", { host: "localhost:5000", origin: "http://localhost:5000" }],
  ["a program that is no browser", OWN],
  [
    "a link on another page",
    { ...OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ],
])("answers %s", (_, headers) => {
  expect(refusal("GET", headers, NAMES)).toBeNull();
});

test.each([
  ["a foreign host name that resolves to this machine", { host: "evil.example:5000" }, 421],
  ["another port's page", { ...OWN, origin: "http://127.0.0.1:6000" }, 403],
  ["another site's page", { ...OWN, origin: "https://evil.example" }, 403],
  ["a file that another site's page loads", { ...OWN, "sec-fetch-site": "cross-site" }, 403],
  ["a request without a host", {}, 421],
])("refuses %s", (_, headers, status) => {
  expect(refusal("GET", headers, NAMES)?.status).toBe(status);
});

test("refuses every method that could change something", () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    expect(refusal(method, OWN, NAMES)?.status).toBe(405);
  }
});
