// Jest with the packages of eventmeter, which are ES modules: Jest compiles them to CommonJS, as it does the tests.
module.exports = {
  testEnvironment: "node",
  transform: {
    "\\.[cm]?js$": ["babel-jest", { presets: [["@babel/preset-env", { targets: { node: "current" } }]] }],
  },
  // Jest leaves out what is under node_modules, except these two. The folders of pnpm are named .pnpm/@eventmeter+core@…
  transformIgnorePatterns: ["/node_modules/(?!(?:\\.pnpm/)?(?:@eventmeter|ky)[/+@])"],
};
