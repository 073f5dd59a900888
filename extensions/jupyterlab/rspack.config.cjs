/** The compiler's worker is a whole program already: it is copied as it is, and its address is put where it is asked for. */
module.exports = {
  performance: { hints: false },
  module: {
    rules: [
      {
        test: /compile-worker\.js$/,
        type: 'asset/resource',
        generator: { filename: '[name].[contenthash].js' },
      },
    ],
  },
};
