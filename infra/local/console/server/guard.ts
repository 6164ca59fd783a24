import type { IncomingHttpHeaders } from "node:http";

/** Why a request is refused. */
interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Whether a request comes from the page itself or from a person's address bar; null: it does.
 * Another site's page in the same browser could reach this server, too: by its own name (DNS
 * rebinding), which shows in Host, or from its own origin.
 *
 * @param names the host names by which the page may be asked for, whatever the port: a container's
 *   may be another outside
 */
export function refusal(
  method: string,
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Refusal | null {
  if (method !== "GET" && method !== "HEAD") return { status: 405, text: "GET only" };
  const { host = "", origin } = headers;
  if (!names.includes(host.replace(/:\d+$/, ""))) {
    return { status: 421, text: `this page is asked for by ${names.join(" or ")}` };
  }
  const isOwn = origin === undefined || origin === `http://${host}`;
  const fetchSite = headers["sec-fetch-site"] ?? "none";
  if (isOwn && (fetchSite === "none" || fetchSite === "same-origin")) return null;
  // A link on another page may lead here; what another page loads by itself may not.
  if (isOwn && headers["sec-fetch-mode"] === "navigate") return null;
  return { status: 403, text: "asked for by another site's page" };
}
