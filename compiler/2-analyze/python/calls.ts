/** Methods that change their receiver: containers of the standard library, pandas with assignment semantics, estimators, axes. */
export const mutatingMethods: ReadonlySet<string> = new Set([
  'append', 'extend', 'insert', 'remove', 'pop', 'clear', 'sort', 'reverse', 'add', 'discard', 'update', 'setdefault', 'popitem', 'appendleft',
  'popleft', 'extendleft', 'rotate', 'difference_update', 'intersection_update', 'symmetric_difference_update', 'fit', 'fit_transform', 'fit_predict',
  'partial_fit', 'set_params', 'fill', 'resize', 'put', 'itemset', 'setflags', 'sort_index_inplace', 'write', 'writelines', 'close', 'execute',
  'executemany', 'commit', 'send', 'add_node', 'add_edge', 'add_nodes_from', 'add_edges_from', 'remove_node', 'remove_edge', 'backward', 'step',
  'zero_grad', 'shuffle', 'subtract', 'push', 'enqueue', 'set_index_inplace', 'heappush',
]);

/** Methods that leave their receiver alone in the libraries that notebooks use most. */
export const pureMethods: ReadonlySet<string> = new Set([
  'head', 'tail', 'describe', 'info', 'mean', 'median', 'sum', 'std', 'var', 'min', 'max', 'count', 'copy', 'groupby', 'agg', 'aggregate', 'merge', 'join',
  'pivot', 'pivot_table', 'value_counts', 'unique', 'nunique', 'isna', 'isnull', 'notna', 'notnull', 'astype', 'apply', 'map', 'applymap', 'transform',
  'query', 'assign', 'sample', 'corr', 'cov', 'quantile', 'sort_values', 'sort_index', 'reset_index', 'set_index', 'rename', 'dropna', 'fillna', 'replace',
  'drop', 'drop_duplicates', 'duplicated', 'plot', 'hist', 'boxplot', 'scatter', 'bar', 'to_numpy', 'to_list', 'tolist', 'to_dict', 'to_frame', 'items',
  'keys', 'values', 'get', 'index', 'format', 'split', 'strip', 'lower', 'upper', 'startswith', 'endswith', 'join', 'encode', 'decode', 'predict',
  'predict_proba', 'score', 'reshape', 'ravel', 'flatten', 'transpose', 'dot', 'argmax', 'argmin', 'argsort', 'cumsum', 'round', 'clip', 'any', 'all',
  'isin', 'between', 'contains', 'extract', 'rolling', 'resample', 'shift', 'diff', 'pct_change', 'rank', 'melt', 'stack', 'unstack', 'explode', 'nlargest',
  'nsmallest', 'idxmax', 'idxmin', 'filter', 'where', 'mask', 'iterrows', 'itertuples', 'equals', 'to_string', 'abs', 'prod', 'size', 'first', 'last', 'nth',
  'day_name', 'month_name', 'strftime', 'date', 'total_seconds', 'issubset', 'union', 'intersection', 'difference', 'most_common', 'elements', 'zfill',
]);

/** What is known of a call by its path or method. */
export interface CallKnowledge {
  /** Why nothing can be said of it. */
  readonly unknown?: string;
  /** True when even a literal argument does not help. */
  readonly always: boolean;
  /** Its string arguments name variables. */
  readonly readsText: boolean;
}

const textReaders: ReadonlySet<string> = new Set(['query', 'eval', 'exec', 'ols', 'glm', 'logit', 'mixedlm', 'from_formula', 'dmatrices', 'dmatrix', 'poisson', 'probit', 'rlm', 'wls', 'gls', 'quantreg', 'timeit', 'repeat']);
const namespaces: ReadonlySet<string> = new Set(['globals', 'locals', 'vars', 'dir']);

/** Looks a call up. */
export function callKnowledge(path: string, method: string): CallKnowledge {
  const name = method === '' ? path : method;
  const readsText = textReaders.has(name);
  if (path === 'exec' || path === 'eval') return { unknown: `${path}() runs text that is not in the cell`, always: path === 'exec', readsText };
  if (namespaces.has(path)) return { unknown: `${path}() sees every variable`, always: path !== 'vars' && path !== 'dir', readsText };
  if (method === 'run_cell' || method === 'run_line_magic' || method === 'run_cell_magic' || method === 'magic' || method === 'system') {
    return { unknown: `${path}() runs text as a cell`, always: true, readsText };
  }
  return { always: false, readsText };
}
