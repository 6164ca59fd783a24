import { createServer } from "mysql2";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../../../infra/local/mysql/free-port.ts";
import { accountOf } from "../../../../../operator/commands/doctor/configuration.ts";
import { connectFirst } from "../../../../../operator/commands/doctor/connect-first.ts";

const CLIENT_SSL = 0x800;
const ER_ACCESS_DENIED_ERROR = 1045;

/** Starts a MySQL server without TLS. Returns its URL and the number of its clients so far. */
async function serverWithoutTls(refuses: boolean) {
  let clients = 0;
  const server = createServer((connection) => {
    clients += 1;
    connection.on("error", () => connection.destroy());
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: "8.4.0",
      connectionId: clients,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xffffff & ~CLIENT_SSL,
      authCallback: (_: unknown, answer: (none: null, refusal?: object) => void) =>
        answer(null, refuses ? { message: "no", code: ER_ACCESS_DENIED_ERROR } : undefined),
    });
  });
  const port = await freePort();
  // Without a host name to look up, Node binds the port before listen() returns.
  server.listen(port);
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `mysql://somebody@127.0.0.1:${port}`, clients: () => clients };
}

async function logIn(url: string): Promise<void> {
  const connection = await connectFirst(await accountOf(url, { environments: {} }));
  connection.destroy();
}

test("a server without TLS is reached over the loopback address", async () => {
  const server = await serverWithoutTls(false);
  await logIn(server.url);
  expect(server.clients()).toBe(2);
});

test.each(["encrypt", "verify"])("?tls=%s never connects without TLS", async (tls) => {
  const server = await serverWithoutTls(false);
  await expect(logIn(`${server.url}?tls=${tls}`)).rejects.toMatchObject({
    code: "HANDSHAKE_NO_SSL_SUPPORT",
  });
  expect(server.clients()).toBe(1);
});

test("a refused login is not tried another way", async () => {
  const server = await serverWithoutTls(true);
  const [way = {}] = await accountOf(`${server.url}?tls=off`, { environments: {} });
  await expect(connectFirst([way, way])).rejects.toMatchObject({ errno: ER_ACCESS_DENIED_ERROR });
  expect(server.clients()).toBe(1);
});

test("another machine is never reached without TLS", async () => {
  const ways = await accountOf("mysql://somebody@db.example", { environments: {} });
  expect(ways.map(({ ssl }) => ssl)).toEqual([
    { rejectUnauthorized: false, verifyIdentity: false },
  ]);
});
