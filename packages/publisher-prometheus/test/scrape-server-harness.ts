import { systemClock } from "@eventmeter/core/publisher";
import { onTestFinished } from "vitest";
import { ResponseWriter } from "../src/http/response-writer.ts";
import { type ScrapeReply, textReply } from "../src/http/scrape-reply.ts";
import type { Clock } from "@eventmeter/core";
import { type ReadingLimits, UnreadReplies } from "../src/http/unread-replies.ts";
import { ScrapeServer, type ScrapeServerParts } from "../src/http/scrape-server.ts";

/** Creates what bounds unread replies, without anybody who hears of those that are given up. */
export function createUnread(clock: Clock = systemClock, limits: Partial<ReadingLimits> = {}): UnreadReplies {
  return new UnreadReplies(clock, { error() {} }, limits);
}

/** Opens a server alone until the end of the test, with a page of one line unless another is given. Returns its port. */
export async function openScrapeServer({
  page = () => Promise.resolve(textReply(200, "text/plain; version=0.0.4; charset=utf-8", "up 1\n")),
  tls,
  responses = new ResponseWriter(createUnread()),
  limits,
}: {
  readonly page?: () => Promise<ScrapeReply>;
  readonly tls?: ScrapeServerParts["options"]["tls"];
  readonly responses?: ResponseWriter;
  readonly limits?: ScrapeServerParts["limits"];
} = {}): Promise<number> {
  const server = new ScrapeServer({
    options: {
      name: "page",
      port: 0,
      host: "127.0.0.1",
      path: "/metrics",
      tls,
      holdProcess: false,
      allowedHosts: undefined,
    },
    scrapes: { reject: () => undefined, page },
    responses,
    limits,
  });
  onTestFinished(() => server.close());
  return (await server.listen()).port;
}
