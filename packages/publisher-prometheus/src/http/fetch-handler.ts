// Handler for fetch-style servers.
import type { ReplyTo } from "./response-writer.ts";
import { errorReply, type ScrapeReply } from "./scrape-reply.ts";
import type { UnreadReplies } from "./unread-replies.ts";

/** Creates a function that answers fetch-style requests with what `replyTo` returns. The function never rejects. */
export function createFetchHandler(replyTo: ReplyTo, unread: UnreadReplies): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const { method, headers } = request;
      const reply = await replyTo({ method, header: (name) => headers.get(name) ?? undefined });
      return responseOf(reply, method === "HEAD" ? null : bodyOf(reply, unread));
    } catch {
      const reply = errorReply(400);
      return responseOf(reply, bodyOf(reply, unread));
    }
  };
}

function responseOf({ status, headers }: ScrapeReply, body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, { status, headers });
}

function bodyOf(reply: ScrapeReply, unread: UnreadReplies): ReadableStream<Uint8Array> {
  const { chunks } = reply;
  let next = 0;
  let end: (() => void) | undefined;
  // Not a stream of type "bytes", which would take the memory of chunks that other replies share.
  return new ReadableStream<Uint8Array>({
    start(controller) {
      end = unread.begin(reply, () => {
        next = chunks.length;
        controller.error(new Error("the page was not read in time"));
      });
    },
    pull(controller) {
      const chunk = chunks[next];
      next += 1;
      if (chunk !== undefined) controller.enqueue(chunk);
      if (next < chunks.length) return;
      // A small page is in the stream now, whether or not anybody reads it.
      end?.();
      controller.close();
    },
    cancel: () => end?.(),
  });
}
