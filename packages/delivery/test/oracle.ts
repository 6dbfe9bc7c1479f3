import { type FlushReport, PublisherError, type PublisherHealth } from "@eventmeter/core";
import { createVirtualClock, malformedRecords, type SeededRandom, type VirtualClock } from "@eventmeter/testkit";
import { createPushPublisher, type EncodeContext, type EncodedRecord } from "../src/index.ts";
import { BATCH_OVERHEAD } from "../src/queue/batch-maker.ts";
import { type Backend, createBackend } from "./oracle-backend.ts";
import { createRegistry, type OracleOptions, type Registry } from "./oracle-registry.ts";

/** A publisher with random options over a random backend, with everything that judges it. */
export interface Oracle {
  readonly clock: VirtualClock;
  readonly backend: Backend;
  readonly registry: Registry;
  readonly publisher: ReturnType<typeof createPushPublisher>;
  /** Whether what waits can ever be sent. */
  readonly startable: boolean;
  /** Publishes one record. */
  readonly publish: () => void;
  /** Flushes, and looks what the flush covers once it is over. */
  readonly flush: (timeoutMs: number, signal?: AbortSignal) => Promise<FlushReport>;
  /** Throws if something does not add up. @param settled whether everything that was answered has been heard */
  readonly judge: (step: string, settled: boolean) => void;
}

// Times of random waits are fractions, and do not add up to the last bit.
const ROUNDING_MS = 0.001;
const LANES = ["", "a", "b", "c", "d"];
const WRAPS = [undefined, { prefix: "[", separator: ",", suffix: "]" }, { separator: "\n", suffix: "\n" }];
const STARTS = ["none", "none", "none", "works", "fails", "fails", "refuses", "hangs"] as const;

function drawOptions(random: SeededRandom): OracleOptions {
  return {
    maxBatchRecords: random.pick([1, 2, 5, 30]),
    maxBatchBytes: random.pick([1, 300, 4_000, 1_048_576]),
    maxQueueBytes: 16_384 + random.integer(3) * 30_000,
    overflow: random.pick(["drop-newest", "drop-oldest"] as const),
    concurrency: 1 + random.integer(8),
    maxLanes: 1 + random.integer(4),
    lingerMs: random.pick([0, 1, 200, 3_000]),
    maxAgeMs: random.pick([2_000, 60_000, 900_000, 2 ** 31 - 1]),
    sendTimeoutMs: 500 + random.integer(5_000),
  };
}

/** Makes an oracle. Everything in it follows from `random`. */
export function createOracle(random: SeededRandom): Oracle {
  const clock = createVirtualClock();
  const options = drawOptions(random);
  const wrap = random.pick(WRAPS);
  const starts = random.pick(STARTS);
  const bad = malformedRecords(random.integer(2 ** 31), 1_000);
  let failingStarts = 1 + random.integer(3);
  let started = starts === "none";
  let refused = false;
  let depth = 0;
  // What handlers may publish in all, so that they come to an end.
  let echoes = random.once(3) ? 20 : 0;
  const scratch = Buffer.alloc(400_000);
  const calls = { publish: 0, encode: 0, thrown: 0, unsupported: 0 };
  let covered = "";
  const endedEarly: { readonly at: number; readonly until: number; readonly open: readonly number[] }[] = [];

  const registry = createRegistry({
    options,
    wrap,
    now: clock.monotonic,
    started: () => started,
    publishing: () => depth > 0,
  });
  const backend = createBackend(random, clock, registry);

  function echo(): void {
    if (echoes <= 0 || !random.once(3)) return;
    echoes -= 1;
    publish();
  }

  function encode(_record: unknown, { id }: EncodeContext): EncodedRecord | null {
    calls.encode += 1;
    echo();
    const size = random.once(25) ? random.pick([1_500, 6_000, 90_000]) : random.integer(160);
    const choice = random.integer(40);
    if (choice === 0) {
      calls.thrown += 1;
      throw new Error("encode");
    }
    if (choice === 1) {
      calls.thrown += 1;
      return random.pick<unknown>([undefined, {}, { data: 5 }, { data: "x", lane: 5 }, "x"]) as EncodedRecord;
    }
    if (choice === 2) {
      calls.unsupported += 1;
      return null;
    }
    const lane = random.pick(LANES);
    const text = registry.issue(id, lane, random.pick(["x", "é", "€", "𝄞"]).repeat(size));
    // Bytes stand until the next call, as an encoder may have it.
    const data = choice < 10 ? scratch.subarray(0, scratch.write(text)) : text;
    return { data, ...(lane === "" ? {} : { lane }) };
  }

  async function start(): Promise<void> {
    if (starts === "hangs") return new Promise(() => undefined);
    if (random.once(2)) await new Promise<void>((resolve) => void clock.setTimeout(resolve, random.integer(2_000)));
    if ((starts === "fails" || starts === "refuses") && failingStarts > 0) {
      failingStarts -= 1;
      throw new Error("not yet");
    }
    if (starts === "refuses") {
      refused = true;
      throw new PublisherError("no such stack", { code: "start-failed", publisher: "oracle", retryable: false });
    }
    started = true;
  }

  const publisher = createPushPublisher(
    { name: "oracle", encode, send: backend.send, wrap, ...(starts === "none" ? {} : { start }) },
    {
      ...options,
      clock,
      onError() {
        judge("onError", false);
        echo();
      },
      onDrop(record) {
        registry.drop(record);
        judge("onDrop", false);
        echo();
      },
    },
  );
  let before = publisher.health();

  function publish(): void {
    const held = publisher.health().pendingDetail.bytes;
    const echoing = echoes;
    calls.publish += 1;
    depth += 1;
    const times = { startTime: clock.now(), endTime: clock.now() + 5 };
    const kind = random.integer(30);
    if (kind === 0) {
      const { value } = bad.next();
      if (value?.kind === "network") publisher.publishNetworkMetrics(value.record as never);
      else publisher.publishEventMetrics(value?.record as never);
    } else if (kind < 12) {
      const network = { operation: "GET", host: "db", port: 1, bytesSent: 1, bytesReceived: 1 };
      publisher.publishNetworkMetrics({ ...network, ...times });
    } else publisher.publishEventMetrics({ eventName: "job", taskId: calls.publish, ...times });
    depth -= 1;
    const { bytes } = publisher.health().pendingDetail;
    const most = Math.max(options.maxQueueBytes, held);
    if (bytes > most && echoing === echoes) registry.blame(`a record brought the memory to ${bytes} of ${most} bytes`);
  }

  function faultOf(health: PublisherHealth): string | undefined {
    const { received, recovered, delivered, dropped, ignored, pending, droppedBy, ignoredBy, pendingDetail } = health;
    if (received + recovered !== delivered + dropped + ignored + pending) return "the numbers do not add up";
    if (pending < 0) return `${pending} are pending`;
    for (const name of ["received", "delivered", "dropped", "ignored", "retries"] as const)
      if (health[name] < before[name]) return `${name} went down`;
    const sum = Object.values(droppedBy).reduce((total, count) => total + count, 0);
    if (sum !== dropped) return `${dropped} are dropped, ${sum} by reason`;
    if (received !== calls.publish) return `${calls.publish} were published, ${received} received`;
    if (ignored !== (ignoredBy.unsupported ?? 0)) return "something was ignored without a reason";
    const splits = (backend.splits + 1) * (BATCH_OVERHEAD + 8) * 2;
    const most = options.maxQueueBytes + registry.largest + splits;
    if (pendingDetail.bytes > most) return `${pendingDetail.bytes} bytes are held, at most ${most} may be`;
    if (delivered > registry.acknowledged)
      return `${delivered} are delivered, the backend took ${registry.acknowledged}`;
    return undefined;
  }

  function faultAtRest(health: PublisherHealth): string | undefined {
    const { delivered, dropped, pending, droppedBy, ignored, pendingDetail, received } = health;
    const { encode: encoded, thrown, unsupported } = calls;
    const { acknowledged, both, size } = registry;
    if ((pending === 0) !== (pendingDetail.bytes === 0)) return `${pending} pending hold ${pendingDetail.bytes} bytes`;
    if ((pending === 0) !== (pendingDetail.oldestAgeMs === null)) return "the oldest age does not fit";
    if (refused && pending > 0) return `${pending} wait for a start that failed for good`;
    if ((droppedBy.encode ?? 0) !== thrown) return `${thrown} were not encoded, ${droppedBy.encode} are counted`;
    if (ignored !== unsupported) return `${unsupported} are unsupported, ${ignored} are counted`;
    if (delivered + both !== acknowledged) return `the backend took ${acknowledged}, ${delivered} are delivered`;
    // What never reached encode was dropped before it: invalid, refused or closed.
    const early = received - encoded;
    if (dropped !== registry.dropped + early + thrown)
      return `${dropped} are dropped, ${registry.dropped} reached onDrop, ${early + thrown} were not encoded`;
    const open = size - registry.dropped - delivered;
    return open === pending ? undefined : `${open} records are open, ${pending} are counted as pending`;
  }

  /** A flush that ended before its time left nothing that was settled within it. */
  function faultOfEarlyEnds(): string | undefined {
    for (const { at, until, open } of endedEarly)
      for (const key of open)
        if (registry.settledAt(key) > at && registry.settledAt(key) < until - ROUNDING_MS)
          return `a flush ended before record ${key} was settled in its time`;
    return undefined;
  }

  function judge(step: string, settled: boolean): void {
    const health = publisher.health();
    const wrong =
      registry.fault ??
      (covered || faultOf(health)) ??
      faultOfEarlyEnds() ??
      (settled ? faultAtRest(health) : undefined);
    before = health;
    if (wrong !== undefined && wrong !== "") {
      registry.blame(wrong);
      throw new Error(`after ${step}: ${wrong}`);
    }
  }

  async function flush(timeoutMs: number, signal?: AbortSignal): Promise<FlushReport> {
    const covers = registry.size;
    const begun = clock.monotonic();
    const flushed = await publisher.flush({ timeoutMs, signal });
    if (clock.monotonic() - begun > timeoutMs + ROUNDING_MS) covered ||= `a flush took ${clock.monotonic() - begun} ms`;
    // Another start may succeed before the one that the flush did not wait for.
    if (flushed.status === "timeout" && started && clock.monotonic() < begun + timeoutMs - ROUNDING_MS) {
      const open = Array.from({ length: covers }, (_, index) => index + 1).filter((key) => !registry.isSettled(key));
      endedEarly.push({ at: clock.monotonic(), until: begun + timeoutMs, open });
    }
    // onDrop is told a few promises later.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    if (flushed.status === "complete")
      for (let key = 1; key <= covers; key += 1)
        if (!registry.isSettled(key)) covered ||= `a flush was complete before record ${key} was settled`;
    return flushed;
  }

  return {
    clock,
    backend,
    registry,
    publisher,
    startable: starts !== "refuses" && starts !== "hangs",
    publish,
    flush,
    judge,
  };
}
