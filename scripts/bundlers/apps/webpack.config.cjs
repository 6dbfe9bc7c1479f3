// Bundles for Node.js: an ES module, and CommonJS.
const path = require("node:path");

const shared = {
  mode: "production",
  target: "node22",
  entry: "./main.mjs",
  optimization: { minimize: false },
  performance: { hints: false },
};
const folder = path.resolve(__dirname, "out");

module.exports = [
  {
    ...shared,
    name: "module",
    experiments: { outputModule: true },
    output: {
      path: folder,
      filename: "webpack.mjs",
      module: true,
      chunkFormat: "module",
      chunkFilename: "webpack-[id].mjs",
    },
  },
  { ...shared, name: "commonjs", output: { path: folder, filename: "webpack.cjs", chunkFilename: "webpack-[id].cjs" } },
];
