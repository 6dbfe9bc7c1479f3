// Handler for fetch-style servers.
import type { ReplyTo } from "./response-writer.ts";
import { errorReply, type ScrapeReply } from "./scrape-reply.ts";

/** Creates a function that answers fetch-style requests with what `replyTo` returns. The function never rejects. */
export function createFetchHandler(replyTo: ReplyTo): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const { method, headers } = request;
      return responseOf(await replyTo({ method, header: (name) => headers.get(name) ?? undefined }), method);
    } catch {
      return responseOf(errorReply(400), "GET");
    }
  };
}

function responseOf({ status, headers, chunks }: ScrapeReply, method: string): Response {
  const left = chunks.values();
  // Not a stream of type "bytes", which would take the memory of chunks that other replies share.
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value } = left.next();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(method === "HEAD" ? null : body, { status, headers });
}
