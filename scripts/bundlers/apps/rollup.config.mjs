// Bundles for Node.js, as an ES module or as CommonJS.
import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";

export default ({ format }) => {
  const end = format === "es" ? "mjs" : "cjs";
  return {
    input: "main.mjs",
    external: /^node:/,
    plugins: [nodeResolve({ exportConditions: ["node"], preferBuiltins: true }), commonjs(), json()],
    output: { dir: `out/rollup-${format}`, entryFileNames: `[name].${end}`, chunkFileNames: `[name]-[hash].${end}` },
  };
};
