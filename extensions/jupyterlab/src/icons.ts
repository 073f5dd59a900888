import { LabIcon } from '@jupyterlab/ui-components';

const picture = (inside: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">${inside}</svg>`;

/** Two cells that give to a third. */
export const pipelineIcon = new LabIcon({
  name: 'cellwright:pipeline',
  svgstr: picture(
    '<g class="jp-icon3" fill="#616161"><rect x="1" y="1" width="5" height="4" rx="1"/><rect x="10" y="1" width="5" height="4" rx="1"/>' +
      '<rect x="5.5" y="11" width="5" height="4" rx="1"/></g>' +
      '<path class="jp-icon3" fill="#616161" d="M3 5h1v2.5h8V5h1v3.5H8.5V11h-1V8.5H3z"/>',
  ),
});

/** The same, to be run. */
export const runPipelineIcon = new LabIcon({
  name: 'cellwright:run-pipeline',
  svgstr: picture(
    '<g class="jp-icon3" fill="#616161"><rect x="1" y="1" width="5" height="4" rx="1"/><rect x="1" y="11" width="5" height="4" rx="1"/>' +
      '<path d="M3 5h1v6H3z"/><path d="M8 3.5v9l7-4.5z"/></g>',
  ),
});
