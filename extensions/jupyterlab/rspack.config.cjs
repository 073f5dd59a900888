/** The compiler's worker, and TypeScript's compiler, are whole already: they are copied as they are, and their addresses are put where they are asked for. */
module.exports = {
  performance: { hints: false },
  module: {
    rules: [
      {
        test: /(?:compile-worker\.js|typescript\.mjs)$/,
        type: 'asset/resource',
        generator: { filename: '[name].[contenthash].js' },
      },
    ],
  },
};
