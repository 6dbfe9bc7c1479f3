// The types of signal-exit 3, which brings none.
declare module "signal-exit-3" {
  export default function onExit(callback: (code: number | null, signal: string | null) => void): () => void;
}
