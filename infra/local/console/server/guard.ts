import type { IncomingHttpHeaders } from "node:http";

/** Why a request is refused. */
interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Accepts a request from the page itself, or one that a person typed or clicked; returns null then,
 * otherwise the reason to refuse it. Another site's page in the same browser could reach this
 * server too: under its own host name (DNS rebinding), which shows in Host, or from its own origin.
 *
 * @param names the host names by which the page may be requested. The port is not compared, because
 *   a container's port may have another number outside.
 */
export function refusal(
  method: string,
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Refusal | null {
  if (method !== "GET" && method !== "HEAD") return { status: 405, text: "GET only" };
  const { host = "", origin } = headers;
  if (!names.includes(host.replace(/:\d+$/, ""))) {
    return { status: 421, text: `open this page as ${names.join(" or ")}` };
  }
  const isOwn = origin === undefined || origin === `http://${host}`;
  const fetchSite = headers["sec-fetch-site"] ?? "none";
  if (isOwn && (fetchSite === "none" || fetchSite === "same-origin")) return null;
  // A link on another page may lead here, but another page may not load this one's resources.
  if (isOwn && headers["sec-fetch-mode"] === "navigate") return null;
  return { status: 403, text: "requests from pages of other sites are refused" };
}
