// Credentials of requests: read for each of them, and once more after a 401.
import type { Clock, Secret } from "@eventmeter/core";
import { createSecretReader, type OptionRule, type SecretReader } from "@eventmeter/core/publisher";
import type { HttpClient, HttpRequest, Reply } from "./http-request.ts";
import type { ApiKey } from "./token.ts";

/** Headers that authorize one request. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  /** Records that the server rejected them, so that secrets which are functions are called again. */
  reject(): void;
}

/** Reads the current credentials. Rejects with a `PublisherError` if a function returns none. */
export type Authorize = () => Promise<Authorization>;

/** Returns credentials for HTTP basic authentication at the endpoint of a stack: its id is the user, the API key the password. */
export function authorizeStack(instanceId: string | number, apiKey: ApiKey): Authorize {
  const user = String(instanceId).trim();
  return () => keyHeader(apiKey, (key) => `Basic ${Buffer.from(`${user}:${key}`).toString("base64")}`);
}

/** Returns credentials for the Cloud API. */
export function authorizeApi(apiKey: ApiKey): Authorize {
  return () => keyHeader(apiKey, (key) => `Bearer ${key}`);
}

async function keyHeader(apiKey: ApiKey, headerOf: (key: string) => string): Promise<Authorization> {
  const key = await apiKey.read();
  return { headers: { authorization: headerOf(key) }, reject: () => apiKey.reject(key) };
}

/** Returns the headers of requests to a receiver, each of which can be a secret. @param rule what each text must be */
export function authorizeReceiver(
  headers: Readonly<Record<string, Secret>>,
  { rule, publisher, clock }: { readonly rule: OptionRule; readonly publisher: string; readonly clock: Clock },
): Authorize {
  const readers = Object.entries(headers).map(([name, secret]): readonly [string, SecretReader] => [
    name,
    createSecretReader({ secret, name: `headers.${name}`, rule, publisher, clock }),
  ]);
  return async () => {
    const texts = await Promise.all(readers.map(async ([name, reader]) => [name, await reader.read()] as const));
    return {
      headers: Object.fromEntries(texts),
      reject: () => texts.forEach(([, text], index) => readers[index]?.[1].reject(text)),
    };
  };
}

/**
 * Sends one request with credentials. After a 401 they are read again, and if they have changed, the request is sent once
 * more. Rejects with the error of the connection or of the credentials, or with the reason of the signal.
 */
export async function sendAuthorized(
  client: HttpClient,
  url: string,
  authorize: Authorize,
  request: HttpRequest,
): Promise<Reply> {
  const send = ({ headers }: Authorization): Promise<Reply> =>
    client.send(url, { ...request, headers: { ...headers, ...request.headers } });
  const first = await untilAborted(authorize(), request.signal);
  const reply = await send(first);
  if (reply.status !== 401) return reply;
  first.reject();
  const second = await untilAborted(authorize(), request.signal);
  const isSame = Object.entries(second.headers).every(([name, text]) => first.headers[name] === text);
  if (isSame) return reply;
  const again = await send(second);
  if (again.status === 401) second.reject();
  return again;
}

/** Settles as `work` does, or rejects with the reason of the signal if that aborts first. */
export async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}
