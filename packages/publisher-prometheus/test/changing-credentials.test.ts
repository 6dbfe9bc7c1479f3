import { request } from "node:https";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { connect, type TLSSocket } from "node:tls";
import type { PrometheusPublisher, ScrapeAuth } from "@eventmeter/publisher-prometheus";
import { createVirtualClock, findSecrets, localhostTls } from "@eventmeter/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { lineValue, openPublisher, portOf, publishEvent } from "./publisher-harness.ts";
import { renewedTls } from "./renewed-tls.ts";

describe.each<readonly [string, (secret: () => string | Promise<string>) => ScrapeAuth, (secret: string) => string]>([
  ["a bearer token", (bearer) => ({ bearer }), (secret) => `Bearer ${secret}`],
  [
    "a password",
    (password) => ({ username: "eve", password }),
    (secret) => `Basic ${Buffer.from(`eve:${secret}`).toString("base64")}`,
  ],
])("%s that a function returns", (_what, authOf, headerOf) => {
  const open = (read: () => string | Promise<string>): ReturnType<typeof openAll> => openAll(authOf(read));

  test("is called when it is first needed, and kept while it matches", async () => {
    let calls = 0;
    const { statusFor } = open(async () => {
      calls += 1;
      return "canary-1";
    });
    expect(calls).toBe(0);
    expect(await Promise.all([statusFor(headerOf("canary-1")), statusFor(headerOf("canary-1"))])).toEqual([200, 200]);
    expect(await statusFor(headerOf("canary-1"))).toBe(200);
    expect(calls).toBe(1);
  });

  test("is called again when a scrape does not match, every 10 s at most", async () => {
    let current = "canary-1";
    let calls = 0;
    const { statusFor, clock } = open(() => {
      calls += 1;
      return current;
    });
    expect(await statusFor(headerOf("canary-1"))).toBe(200);
    current = "canary-2";
    expect(await statusFor(headerOf("canary-2"))).toBe(401);
    await clock.advance(10_000);
    expect(await Promise.all([statusFor(headerOf("canary-2")), statusFor(headerOf("canary-2"))])).toEqual([200, 200]);
    expect(await statusFor(headerOf("canary-1"))).toBe(401);
    expect(calls).toBe(2);
    for (let count = 0; count < 100; count += 1) await statusFor(headerOf(`guess-${count}`));
    expect(calls).toBe(2);
    await clock.advance(10_000);
    // Neither no credentials nor another scheme can be a newer secret.
    expect([await statusFor(), await statusFor("Digest x")]).toEqual([401, 401]);
    expect(calls).toBe(2);
  });

  test("that fails costs no scrape with the secret that is known, and is reported", async () => {
    let isFailing = false;
    const { statusFor, clock, errors } = open(() => {
      if (isFailing) throw new Error("canary-vault");
      return "canary-1";
    });
    expect(await statusFor(headerOf("canary-1"))).toBe(200);
    isFailing = true;
    await clock.advance(10_000);
    expect([await statusFor(headerOf("wrong")), await statusFor(headerOf("canary-1"))]).toEqual([401, 200]);
    expect(errors.map((error) => (error as { code?: string }).code)).toEqual(["credentials-failed"]);
    expect(errors[0]?.message).toMatch(/^prometheus: auth\.(bearer|password): the function failed/);
    expect(findSecrets(errors, { secret: "canary-1" })).toEqual([]);
  });

  test("that never returned a secret lets nobody in: 503, and no more calls than one in 10 s", async () => {
    let calls = 0;
    const { statusFor, clock, errors } = open(() => {
      calls += 1;
      return calls < 3 ? "not\na header" : "canary-1";
    });
    expect(await statusFor(headerOf("not\na header"))).toBe(503);
    expect([await statusFor(headerOf("x")), await statusFor()]).toEqual([503, 401]);
    expect([calls, errors.length]).toEqual([1, 1]);
    await clock.advance(10_000);
    expect(await statusFor(headerOf("canary-1"))).toBe(503);
    await clock.advance(10_000);
    expect(await statusFor(headerOf("canary-1"))).toBe(200);
  });

  test("is what the publisher's own check sends", async () => {
    const { publisher } = openPublisher({ auth: authOf(() => Promise.resolve("canary-1")) });
    await publisher.start();
    expect(await publisher.check()).toMatchObject({ ok: true });
  });
});

function openAll(auth: ScrapeAuth): {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly errors: Error[];
  readonly statusFor: (authorization?: string) => Promise<number>;
} {
  const clock = createVirtualClock();
  const { publisher, errors } = openPublisher({ server: false, auth, clock });
  const statusFor = async (authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization: authorization.replace("\n", "") };
    const response = await publisher.fetch(new Request("http://any.example/metrics", { headers }));
    await response.text();
    return response.status;
  };
  return { clock, errors, statusFor };
}

describe("a certificate that is renewed", () => {
  const openTls = async (publisher: PrometheusPublisher): Promise<TLSSocket> => {
    const socket = connect({ port: portOf(publisher), host: "127.0.0.1", rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    await once(socket, "secureConnect");
    return socket;
  };
  const nameOf = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN;
  const scrape = async (publisher: PrometheusPublisher, ca: string): Promise<string> => {
    const asked = request(publisher.url ?? "", { agent: false, ca });
    asked.end();
    const [response] = await once(asked, "response");
    return text(response);
  };

  test("is what new connections get, while open ones and the numbers stay", async () => {
    const { publisher } = openPublisher({ tls: localhostTls });
    await publisher.start();
    publishEvent(publisher);
    const kept = await openTls(publisher);
    publisher.setTls(renewedTls);
    expect(nameOf(await openTls(publisher))).toBe("renewed");
    expect(nameOf(kept)).not.toBe("renewed");
    kept.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(String(await once(kept, "data"))).toContain("HTTP/1.1 200 OK");
    const series = 'event_duration_seconds_count{event_name="import",status="completed"}';
    expect(lineValue(await scrape(publisher, renewedTls.cert), series)).toBe(1);
    await expect(scrape(publisher, localhostTls.cert)).rejects.toThrow(/self-signed/);
    expect(kept.closed).toBe(false);
  });

  test("can come before the server listens", async () => {
    const { publisher } = openPublisher({ tls: localhostTls });
    publisher.setTls(renewedTls);
    await publisher.start();
    expect(nameOf(await openTls(publisher))).toBe("renewed");
  });

  test("keeps asking for certificates of clients, of the new authority", async () => {
    const { publisher } = openPublisher({ tls: { ...localhostTls, clientCa: localhostTls.cert } });
    await publisher.start();
    publisher.setTls({ ...renewedTls, clientCa: renewedTls.cert });
    const ask = (client: object): Promise<unknown> => {
      const asked = request(publisher.url ?? "", { agent: false, rejectUnauthorized: false, ...client });
      asked.end();
      return once(asked, "response");
    };
    await expect(ask(renewedTls)).resolves.toMatchObject([{ statusCode: 200 }]);
    await expect(ask(localhostTls)).rejects.toThrow();
    await expect(ask({})).rejects.toThrow();
  });

  test("that cannot be used is an options error that shows nothing of it, and the one before stays", async () => {
    const { publisher } = openPublisher({ tls: localhostTls });
    await publisher.start();
    const key = renewedTls.key.split("\n")[1] ?? "";
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ key: renewedTls.key, cert: localhostTls.cert }, "tls: expected a key and the certificate that belongs to it"],
      [{ key: renewedTls.key }, "tls.cert: missing"],
      [undefined, "tls: missing"],
      [
        { ...renewedTls, clientCa: renewedTls.cert },
        "tls.clientCa: cannot be added or removed while the publisher lives",
      ],
    ];
    for (const [tls, message] of wrong) {
      expect(() => publisher.setTls(tls as never)).toThrow(message);
      try {
        publisher.setTls(tls as never);
      } catch (caught) {
        expect(findSecrets(caught, { key })).toEqual([]);
      }
    }
    expect(nameOf(await openTls(publisher))).not.toBe("renewed");
  });

  test("cannot be set on a publisher without TLS", () => {
    const { publisher } = openPublisher({ server: false });
    expect(() => publisher.setTls(renewedTls)).toThrow(
      "tls: cannot be set on a publisher that was created without tls",
    );
  });
});
