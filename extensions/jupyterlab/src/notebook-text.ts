import type { INotebookModel } from '@jupyterlab/notebook';

/**
 * The notebook as the compiler reads it, saved or not. Outputs are left out: nothing depends on them, and they can be large.
 */
export function notebookText(model: INotebookModel): string {
  // Before version 4.5 a file has no ids, and the compiler names the cells, as it does when it reads the file itself.
  const hasIds = model.nbformat > 4 || model.nbformatMinor >= 5;
  const cells = [...model.cells].map((cell) => ({
    ...(hasIds ? { id: cell.id } : {}),
    cell_type: cell.type,
    metadata: cell.sharedModel.getMetadata(),
    source: cell.sharedModel.getSource(),
    ...(cell.type === 'code' ? { outputs: [], execution_count: null } : {}),
  }));
  const { metadata } = model.sharedModel;
  return JSON.stringify({ cells, metadata, nbformat: model.nbformat, nbformat_minor: model.nbformatMinor });
}
