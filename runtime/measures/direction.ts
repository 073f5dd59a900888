import type { MetricRun } from './metric-runs.ts';

/** Which way a metric gets better. */
export type Direction = 'higher' | 'lower';

const lower: ReadonlySet<string> = new Set(
  'rmse mse mae mape smape wape rmsle msle mad loss logloss error errors err brier perplexity wer cer fpr fnr deviance aic bic'.split(
    ' ',
  ),
);
const higher: ReadonlySet<string> = new Set(
  'auc auroc auprc roc accuracy acc f1 f2 precision recall r2 score ap map ndcg mrr iou dice bleu rouge kappa mcc gini tpr tnr sensitivity specificity coverage'.split(
    ' ',
  ),
);

/** What the newest run says of a metric, else what its name says: words such as `rmse` or `auc` in it. */
export function directionOf(metric: string, runs: readonly MetricRun[]): Direction | undefined {
  const said = runs.findLast(({ metrics }) => metrics.has(metric))?.metrics.get(metric)?.better;
  if (said !== undefined) return said;
  const words = metric.toLowerCase().split(/[^a-z0-9]+/);
  const isLower = words.some((word) => lower.has(word));
  const isHigher = words.some((word) => higher.has(word));
  if (isLower === isHigher) return undefined;
  return isLower ? 'lower' : 'higher';
}
