// The proxy that Node.js takes from the environment (NODE_USE_ENV_PROXY), and that the official client does not use.
import { globalAgent } from "node:https";
import type { ResolvedOptions } from "../options.ts";

/** Variables of the environment, where Node.js has been told to use the proxy that they name; undefined otherwise. */
export function proxyEnvironment(): Readonly<Record<string, string | undefined>> | undefined {
  return (globalAgent.options as { readonly proxyEnv?: Readonly<Record<string, string | undefined>> }).proxyEnv;
}

/** Returns the first host that Node.js would reach through the proxy of the environment, and that the client reaches directly. */
export function hostWithoutProxy(
  { hosts, clientOptions = {} }: Pick<ResolvedOptions, "hosts" | "clientOptions">,
  environment: ReturnType<typeof proxyEnvironment>,
): string | undefined {
  // With `agent` the client uses what it is given.
  if (environment === undefined || clientOptions["proxy"] !== undefined || clientOptions["agent"] !== undefined)
    return undefined;
  const read = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const exceptions = read("NO_PROXY")
    .split(",")
    .map((name) => name.trim().toLowerCase());
  return hosts
    .map((host) => new URL(host))
    .filter(({ protocol }) => read(protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") !== "")
    .find(({ host, hostname }) => !exceptions.some((name) => isException(name, host, hostname)))?.host;
}

function isException(name: string, host: string, hostname: string): boolean {
  if (name === "*" || name === host || name === hostname) return true;
  const domain = name.replace(/^\*?\./, "");
  return domain !== "" && hostname.endsWith(`.${domain}`);
}
