// A publisher with a backend, options of its own and a secret: one POST for each record.
// #region options
import { type CommonOptions, createPublisher, type MetricsPublisher } from "@eventmeter/core";
import { checkOptions, option } from "@eventmeter/core/publisher";

export interface PostOptions extends CommonOptions {
  /** Where to post to. */
  readonly url: string;
  /** Bearer token. */
  readonly token: string;
}

const rules = {
  url: option.required(
    option.string({ pattern: /^https?:\/\/[^@]+$/, expected: "an http(s) URL without credentials" }),
  ),
  token: option.required(option.string()),
};
// #endregion

// #region publisher
export function postPublisher({ url, token, ...common }: PostOptions): MetricsPublisher {
  checkOptions("post", { url, token }, rules);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };

  const closed = new AbortController();

  async function post(data: object): Promise<void> {
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(10_000)]);
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(data),
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the backend answered ${response.status}`);
  }

  return createPublisher(
    {
      name: "post",
      event: post,
      network: post,
      close: () => closed.abort(),
      // Each record that is not settled is a request under way.
      maxUnsettled: 1_000,
    },
    common,
  );
}
// #endregion
