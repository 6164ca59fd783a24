import { once } from "node:events";
import { createServer } from "node:net";
import { PortInUseError } from "./errors.ts";

// Below Linux's range of ports for outgoing connections (from 32768), so that a restarted server
// finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A free loopback port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
}

/** Throws PortInUseError when a program listens on that loopback port. */
export async function assertPortFree(port: number): Promise<void> {
  if (!(await isFree(port))) throw new PortInUseError(port);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen({ host: "127.0.0.1", port, exclusive: true });
  try {
    await once(probe, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false;
    throw error;
  }
  probe.close();
  await once(probe, "close");
  return true;
}
