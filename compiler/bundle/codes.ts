import type { DiagnosticCode } from './diagnostic-code.ts';

export type { DiagnosticCode } from './diagnostic-code.ts';

/** One kind of diagnostic as the catalogue has it. */
export interface CatalogueEntry {
  readonly title: string;
  /** What it means and why it is said. */
  readonly why: string;
  /** What to do next. */
  readonly next: string;
}

/**
 * Every diagnostic code there is: 1xx reading, 2xx analysis, 3xx bundles, 4xx compiling, 5xx running, 6xx comparing, 7xx environments and reuse, 9xx the command line.
 * A code keeps its meaning for ever.
 */
export const diagnosticCatalogue: Readonly<Record<DiagnosticCode, CatalogueEntry>> = {
  CW101: {
    title: 'The file is not UTF-8 text',
    why: 'Notebooks are JSON, and JSON files are UTF-8. A file in another encoding would be read with wrong letters.',
    next: 'Save the file as UTF-8.',
  },
  CW102: {
    title: 'The file is not valid JSON',
    why: 'The file is cut off, holds the markers of a merge conflict, or is something else than a notebook.',
    next: 'Open it in Jupyter and save it again; with merge markers, resolve them first, for instance with nbdime.',
  },
  CW103: {
    title: 'The JSON is no notebook',
    why: 'The file is JSON, but it has no list of cells where a notebook has one.',
    next: 'Give the path of an .ipynb file or of a percent-format .py file.',
  },
  CW104: {
    title: 'This version of the notebook format cannot be read',
    why: 'The versions 3 and 4 of nbformat are read. A later major version may mean something else by the same words.',
    next: 'Convert the file with `jupyter nbconvert --to notebook`.',
  },
  CW105: {
    title: 'A cell is damaged',
    why: 'A cell is no JSON object, or its source is neither text nor a list of lines. Leaving it out would change the notebook.',
    next: 'Open the notebook in Jupyter and save it again.',
  },
  CW106: {
    title: 'A cell has an unknown type',
    why: 'Cells are code, markdown or raw. Leaving a cell of another type out might leave out code.',
    next: 'Change `cell_type` of the cell to code, markdown or raw.',
  },
  CW107: {
    title: 'The header of the script is not YAML',
    why: 'The lines between `# ---` and `# ---` at the top of a percent-format script are the metadata of the notebook, its kernel among them.',
    next: 'Mend these lines, or take them out.',
  },
  CW108: {
    title: 'The script is in another format of jupytext',
    why: 'The header says that its cells are marked in another way than by `# %%`. Read as percent format it would be one cell.',
    next: 'Convert it with `jupytext --to py:percent`.',
  },
  CW109: {
    title: 'The notebook is nested too deeply',
    why: "The file has lists in lists to a depth that Python's own reader of JSON refuses, so that no Jupyter could open it.",
    next: 'Look for what a program wrote into the metadata or the outputs, and take it out.',
  },
  CW110: {
    title: 'The notebook is too large',
    why: 'A text of that length does not fit into the engine that runs the compiler.',
    next: 'Clear the outputs of the notebook, or keep its data in a file of its own.',
  },
  CW120: {
    title: 'There is no such directive',
    why: 'A comment `#| name: value` at the top of a cell gives an order that is not known. A mistyped order would be without effect.',
    next: 'Correct the name; the message has the nearest one. Directives of Quarto are let through.',
  },
  CW121: {
    title: 'A directive has a value that is not understood',
    why: 'A directive such as `#| cache: never` has a value that it does not take. Leaving it out of account would be the contrary of what was asked.',
    next: 'Give the value that the message names.',
  },
  CW122: {
    title: 'A tag is almost one that has a meaning',
    why: 'Tags are free words, but one that differs from `skip-execution` or `raises-exception` by a letter or two was probably meant as that, and is without effect.',
    next: 'Correct the tag. One that is meant for something else can stay: the warning changes nothing.',
  },
  CW123: {
    title: 'A directive has what looks like a secret',
    why: 'A notebook is read, shared and kept in version control, and its bundle goes to engines. A password, key or token in `#| env: NAME=value` would go with it.',
    next: 'Take it out, make it invalid where it was valid, and give it to the run by the environment, as `env:NAME` of a parameter, or as a secret of the engine.',
  },
  CW130: {
    title: 'The condition of a gate is not understood',
    why: 'Behind `#| gate:` stands one Python expression. Where it compares with `previous`, the last accepted run, or speaks of groups, it is arithmetic of recorded numbers, since those are all that is known of an earlier run.',
    next: 'Correct the expression; what needs more is computed in the cell, under a name that the condition uses.',
  },
  CW131: {
    title: 'A metric or a gate names what is not there',
    why: 'No cell up to this one binds the variable, or no cell records the number that is compared. It would only be found out after the cells had run.',
    next: 'Correct the name; the message has the nearest one, or the line that records what is missing.',
  },
  CW201: {
    title: 'The cell is not valid in its language',
    why: 'Jupyter raises a SyntaxError when it comes to this cell, and so does the compiled notebook.',
    next: 'Mend the syntax, or take the cell out.',
  },
  CW210: {
    title: 'A magic is not known',
    why: 'What an unknown magic reads and changes cannot be told from its text, so the cell is treated as touching every variable: it starts when all earlier cells are done, with every variable at hand, and a later cell that read too early what it changed is run again.',
    next: 'Nothing must be done. The result is the same; the cell only does not run beside others.',
  },
  CW211: {
    title: 'A cell is nested too deeply, or too large, to be analysed',
    why: 'An expression of more than a thousand levels, or a cell of more than a million words and signs, most often written by a program. What it does to which variables is not looked for, so the cell is treated as touching every variable.',
    next: 'Split it, or read the data from a file. The result is the same; the cell only does not run beside others.',
  },
  CW212: {
    title: 'A cell of another kind cannot be understood',
    why: 'A cell of a notebook in TypeScript that begins with `%%` is of another kind: a script of the shell, a file, a query, something to show. This one names no kind that there is, or its first line says something that the kind has no meaning for. The kernel would end with a SyntaxError there.',
    next: 'Mend the first line as the message says, or write the cell in TypeScript.',
  },
  CW213: {
    title: 'The kernel alone does not know a cell of another kind',
    why: 'Deno has no magics: `%%bash`, `%%writefile`, `%%sql`, `%%html` and the like are turned into TypeScript when the notebook is compiled, and Deno runs that. Who opens the notebook in Jupyter and runs such a cell there gets a SyntaxError.',
    next: 'Nothing must be done. For the kernel alone, put in the place of the cell what `cellwright compile` writes into the module of its task.',
  },
  CW214: {
    title: 'A query reads a table of another cell',
    why: 'Each `%%sql` cell of a notebook in TypeScript has a database of its own, in memory, which ends with the cell: a database for all of them would be a state that no cell names. So the table is not there, and the query fails.',
    next: 'Bind the rows to a variable in the cell that makes them (`%%sql rows <<`), which later queries read by that name, or write a file with `COPY … TO` and read that.',
  },
  CW220: {
    title: 'A type of a cell is not as it should be',
    why: 'TypeScript, which looks at all cells together, finds that something is used as what it is not, or that a name is declared nowhere. Deno takes types away before a cell runs, so there this alone changes nothing; tslab does not run such a cell.',
    next: 'Nothing must be done: the cell runs as its kernel runs it. Where the checker is right, the cell most likely fails or gives something else than was meant.',
  },
  CW301: {
    title: 'The bundle is damaged',
    why: '`bundle.json` is not valid JSON, does not follow the published schema, or has an edge between tasks that do not exist. Running the rest might leave something out.',
    next: 'Compile the notebook again.',
  },
  CW302: {
    title: 'The bundle is of another format version',
    why: 'It was made by a version of the compiler whose bundles this program does not read. The same words may have another meaning there.',
    next: 'Compile the notebook again, or run the bundle with the version that made it.',
  },
  CW303: {
    title: 'The bundle does not belong to the notebook inside it',
    why: 'One of the two files was changed by itself: a task would run something else than its cell says.',
    next: 'Change the notebook outside of the bundle, and compile it again.',
  },
  CW304: {
    title: 'A bundle from elsewhere was not agreed to',
    why: 'Running a bundle runs the code in it. This one was not compiled by you on this machine, so what its text shows that it would run was printed, and nothing ran: at a terminal you are asked, elsewhere `--yes` says that you agree.',
    next: 'Read the notebook in the bundle and run it with `--yes`, or compile the notebook yourself. What was agreed to once is remembered.',
  },
  CW311: {
    title: 'The effects profile is damaged',
    why: 'The file that says what earlier runs observed is not valid JSON, or does not follow the published schema. The notebook was compiled without it: results are the same, only less may run at once.',
    next: 'Write it again with `cellwright profile NB`, or remove it.',
  },
  CW312: {
    title: 'The effects profile is of another format version',
    why: 'It was written by a version of the program whose profiles this one does not read. The notebook was compiled without it: results are the same, only less may run at once.',
    next: 'Write it again with `cellwright profile NB`.',
  },
  CW401: {
    title: 'The language of the notebook cannot be compiled',
    why: 'The notebook names a kernel of a language for which there is no analysis, or the command makes something of Python, as the message says.',
    next: 'Notebooks in Python, TypeScript and JavaScript are compiled. When this is one, correct `kernelspec.language` in the notebook.',
  },
  CW500: {
    title: 'No interpreter was found',
    why: 'Neither the kernel that the notebook names nor the one that was asked for leads to an interpreter that exists.',
    next: 'Name an interpreter with `--python EXE`, or a kernel with `-k NAME` as `jupyter kernelspec list` shows it.',
  },
  CW501: {
    title: 'The Python interpreter cannot be used',
    why: 'It ended before it could run a cell; most often IPython is not installed in it. The message has its last words.',
    next: 'Install ipykernel in it, or name another interpreter with `--python EXE`.',
  },
  CW502: {
    title: 'The process of a cell ended before the cell did',
    why: 'The system killed it for want of memory, a native library crashed, or the cell ended its own process. It happened where all cells share one process too, as in a Jupyter kernel.',
    next: 'Run the notebook up to this cell with `--until` and look at its use of memory.',
  },
  CW503: {
    title: 'The worker failed',
    why: 'The part that runs cells met something that it does not know. As a warning: all cells were run again in one process, so the result holds. As an error: that failed too.',
    next: 'It is a fault of Cellwright; please report it with the notebook.',
  },
  CW504: {
    title: 'The cells cannot be run again',
    why: 'All cells had to run again in one process, but some have done what cannot be taken back: started a program, sent something over the network. Doing it twice without asking might do harm.',
    next: 'Run the notebook with `--one-process` when doing it again is harmless.',
  },
  CW505: {
    title: 'The cell took longer than it may',
    why: 'A directive `#| timeout: SECONDS`, or `run --execution-timeout SECONDS`, sets a limit, and the cell came to it. It was interrupted as a kernel interrupts a cell; where code would not be interrupted, its process was ended five seconds later. Only the time of its own code counts.',
    next: 'Look at the traceback for where it was. Give the cell more time, or less to do.',
  },
  CW506: {
    title: 'The cell used more memory than it may',
    why: 'A directive `#| mem: AMOUNT` sets a limit, and the memory of the process of the cell, with what programs and workers it had started, was beyond it. Its process was ended, as a container engine would have ended it. Restart & Run All has no such limit. The system is asked ten times a second, so a shorter peak is not seen.',
    next: 'Give the cell more, or less to hold; `cellwright suggest NB` says what recorded runs have used.',
  },
  CW507: {
    title: 'There is no GPU for the cell',
    why: 'A directive `#| gpu: NUMBER` asks for more graphics processors than this machine has. The cell ran all the same, as it would under Restart & Run All: libraries such as PyTorch go on without one, more slowly, or raise.',
    next: 'Run it on a machine that has them, or on an engine, which finds one by this directive.',
  },
  CW510: {
    title: 'Cells shared the process of an earlier one',
    why: 'Every cell runs in a process of its own, and gets its inputs from the store. Some values cannot be stored: a generator, an open connection, a lock. The process that has one stays alive, and the cells that need it run there, as they do in a kernel. The message says which value it is, and which cell made it.',
    next: 'Nothing must be done: the result is the same. To let these cells run beside others, make such a value where it is needed, or keep what it is made from.',
  },
  CW511: {
    title: 'All cells ran in one process',
    why: 'What the cells need of each other could not be had from the store or from one process: values of two processes, a look at what earlier cells gave, an error that had to be confirmed, a comparison by identity. Then one process runs all cells in order, which is Restart & Run All. It is recorded, remembered and verified as one task.',
    next: 'Nothing must be done: the result is the same. The message says which cell it was and why; without that, each cell can run and be reused by itself.',
  },
  CW512: {
    title: 'A directive has no effect here',
    why: '`image` and `env` say where and with what an engine runs a cell. On this machine a cell runs in the interpreter of the notebook with the variables of the run, as under Restart & Run All. A cell that asks for more processors than there are runs by itself. A limit of memory needs a process of the cell alone, on Linux.',
    next: 'Nothing must be done. A variable that a result depends on is set in a cell, or for the whole run by the environment.',
  },
  CW513: {
    title: 'A cell was tried again',
    why: 'It has a directive `#| retries: NUMBER`, it raised, took too long, or its process ended, and it was run again in a new process with the same inputs, after the files that it had changed were put back. Restart & Run All would have stopped at the first failure; the record has each.',
    next: 'Look at why it failed. A cell that fails now and then gives a notebook that does so.',
  },
  CW514: {
    title: 'A cell could not be tried again',
    why: 'It has a directive `#| retries: NUMBER` and failed, but it has done what cannot be taken back, such as starting a program or using the network, or it ran in the process of another cell. To do it twice might do harm, or give another result.',
    next: 'Try again inside the cell, around the one call that fails now and then.',
  },
  CW520: {
    title: 'A metric is not a number',
    why: 'A metric is an int, a float, a bool, a number of numpy or decimal, an array without dimensions, or a dict of those. Anything else cannot be compared or drawn, so nothing is recorded under that name.',
    next: 'Bind the number itself to the name, for instance `rmse = float(...)`.',
  },
  CW521: {
    title: 'A metric cannot be computed for each group',
    why: 'For slices, the statements of the cell that bind the metric are evaluated again for the rows of each group. With all rows they must give the recorded value; that failed, or no frame with the columns is read.',
    next: 'Compute the metric in the cell that has the directive, from a pandas frame with the columns; name it where there are several: `#| slices: carrier of test`.',
  },
  CW522: {
    title: 'The tracking server did not take the run',
    why: 'MLFLOW_TRACKING_URI or --mlflow names a server that cannot be reached or refuses what it is sent. The run itself is as good as without it.',
    next: 'Mend the address or the server, and send the run again: `cellwright metrics NB --export mlflow`.',
  },
  CW530: {
    title: 'The engine of --on cannot be used',
    why: 'The cluster that --on names does not answer, its Python package is not installed, or none of its machines has reached this one in time. No cell was run elsewhere.',
    next: 'The message says what is missing. Without --on the notebook runs on this machine.',
  },
  CW531: {
    title: 'A machine of the cluster has other packages',
    why: 'A result is used again, and compared, as one of this interpreter and these packages. A machine where one of them is another one, or in another place, would give results of another environment.',
    next: 'Install the same on every machine, for example from one image or one lock (`cellwright lock`).',
  },
  CW532: {
    title: 'A machine of the cluster has another processor',
    why: 'Numerical libraries choose their code by what the processor can do, and the last digits of a sum depend on that code.',
    next: 'Nothing must be done where that does not matter. Otherwise run on machines of one kind.',
  },
  CW601: {
    title: 'The notebook could not be run plainly',
    why: '`verify` compares with a run in a real Jupyter kernel, and that run could not be made.',
    next: 'Install nbclient and ipykernel in the interpreter, or name one that has them with `--python EXE`.',
  },
  CW602: {
    title: 'The file is no certificate',
    why: '`verify --check` compares a run with a certificate, and the file that was named is something else. Nothing was run.',
    next: 'Name a file that `cellwright verify NB --certificate FILE` has written.',
  },
  CW603: {
    title: 'The certificate is of another format version',
    why: 'It was made by a version of the program whose certificates this one does not read. The same words may have another meaning there.',
    next: 'Check it with the version that made it, which the file names, or make it again.',
  },
  CW604: {
    title: 'The certificate was changed after it was made',
    why: 'What it says does not have the digest that it names, or does not follow the published schema. Nothing was run, for equal to such a file says nothing.',
    next: 'Take the file from where it was published, or make a new one. The digest shows a change by mistake; whether it is the file that somebody made, only a signature can tell.',
  },
  CW605: {
    title: 'The notebook of the certificate is not there',
    why: 'A certificate names its notebook, which is looked for in the folder of the certificate. Nothing was run.',
    next: 'Name the notebook: `cellwright verify --check FILE NB`.',
  },
  CW606: {
    title: 'Something is not as it was frozen',
    why: 'A frozen run promises the code, parameters, data and environment of the run that was frozen. One of them is another one now, so the result could be another one; nothing was run.',
    next: 'Put back what the message names, or run without --frozen, and freeze that run when you accept what it gives.',
  },
  CW607: {
    title: 'There is no frozen state that can be used',
    why: 'It is a JSON file beside the notebook that `freeze` writes from a recorded run, with a digest of everything that the run was made on.',
    next: 'Make it again with cellwright freeze NB, after a run that you accept.',
  },
  CW701: {
    title: 'The script metadata cannot be read',
    why: 'A block `# /// script` (PEP 723) says which packages the notebook needs. Leaving out a part that is not understood would build another environment.',
    next: 'Write the block as the message says; it has `requires-python`, a text, and `dependencies`, a list of texts.',
  },
  CW702: {
    title: 'The lock file cannot be used',
    why: 'The file is not a `pylock.toml` as PEP 751 describes it, nor a `deno.lock` or `package-lock.json` where the kernel has such modules; or it is made for another platform or Python, or has parts that need a decision which nobody has made.',
    next: 'Write it anew with `cellwright lock NB`, or name another file.',
  },
  CW703: {
    title: 'Something that the notebook needs is not installed',
    why: 'A cell, or a module beside the notebook, imports what no package of the interpreter has, or a package is missing that another one requires. A lock holds only what is there.',
    next: 'Install it and lock again. What is never imported in practice can stay as it is: the warning changes nothing.',
  },
  CW704: {
    title: 'uv was not found',
    why: 'Hashes come from the package index, and environments are built, by uv. It is looked for on the PATH and in the interpreter of the notebook.',
    next: 'Install it with `python -m pip install uv`; nothing else is needed.',
  },
  CW705: {
    title: 'The package index does not have what is installed',
    why: 'A lock names the files of each package with their hashes, and the index has none for this version: it was made or changed on this machine, withdrawn, or comes from an index that uv does not know.',
    next: 'Install a version that the index has. uv is told of another index by the variable `UV_INDEX`; it does not read the settings of pip.',
  },
  CW706: {
    title: 'The environment of the lock file cannot be built',
    why: 'uv, or Deno, could not find the Python, a package or a module of the lock, or a file has not the hash that was locked. Nothing is run in an environment that is not the one that was asked for.',
    next: 'The message has the words of uv or Deno. `uv python install VERSION` brings a Python.',
  },
  CW707: {
    title: 'The lock file belongs to another notebook',
    why: 'A `pylock.toml` is written over only when this notebook wrote it, so that two notebooks in one folder do not take turns.',
    next: 'Name another file, such as `-o pylock.NAME.toml`; one that is called like the notebook is found by `run --env lock` first.',
  },
  CW708: {
    title: 'A cell imports what the lock does not hold',
    why: 'With `--env lock` a cell gets the modules that are in the lock, in the versions that are there, and no others. What the lock does not have would be another thing on the next day, or on another machine.',
    next: 'Add it with `cellwright lock NB` (in a notebook of tslab with `npm install --save-exact`), which leaves what is locked already as it is.',
  },
  CW709: {
    title: 'A cell cannot be a function or a module',
    why: "`export --modules` writes a function for every cell of Python, and a module for every cell of TypeScript, which gives what the cell gives. Some of what cells do, these cannot do: IPython's own syntax, a function or cell that changes a variable of another, a name that is looked up by its text. The message says what it is. Nothing was written.",
    next: 'Write that part in plain Python with arguments and results, or in TypeScript with names of its own; or tag the cell `skip` when nothing else needs it.',
  },
  CW710: {
    title: 'The run has stored no values',
    why: '`debug` loads what a cell started with from the store. Where all cells ran in one process, as Jupyter does it, nothing was stored between them.',
    next: 'Run the notebook again without `--one-process`. When it is Cellwright that decided so, the message says why.',
  },
  CW711: {
    title: 'A variable of the cell is not in the store',
    why: 'The value could not leave the process that had it, such as a generator or an open connection, or it was not kept. The notebook is written all the same.',
    next: 'Make the variable in the notebook that was written, before the cell.',
  },
  CW720: {
    title: 'A cell cannot become a check',
    why: '`test --capture` keeps what a cell started with and what it left. The function of the cell is called once on that: when it gives something else, a check could never hold. The message says why, such as random numbers, a value that no file keeps, or the size.',
    next: 'Choose another cell; give random numbers a seed in the same cell; `--force` keeps what is large.',
  },
  CW721: {
    title: 'A check does not fit its cell any more',
    why: 'The cell is gone, or needs a variable that was not captured. The other checks are run.',
    next: 'Run the notebook and capture the cell again, or remove the folder of the check.',
  },
  CW730: {
    title: 'The file of the pipeline cannot be understood',
    why: 'A pipeline is a YAML file with `tasks`, a list of notebooks in their order, each with a `source` and, where needed, `name`, `params` and `takes`. Nothing was run.',
    next: 'Correct what the message names; docs/reuse.md has an example.',
  },
  CW731: {
    title: 'A notebook of the pipeline is not there',
    why: 'Paths in the file of a pipeline are from the folder that the file is in. Nothing was run.',
    next: 'Correct the path.',
  },
  CW732: {
    title: 'No earlier notebook gives a variable',
    why: 'A notebook takes variables that a cell of an earlier notebook of the pipeline binds. None binds this one. Nothing was run.',
    next: 'Correct the name, or bind it in a cell of an earlier notebook.',
  },
  CW733: {
    title: 'A variable comes from a later notebook',
    why: 'The notebooks of a pipeline run in the order of its file, and what is handed over goes from earlier ones to later ones. Two notebooks that take something from each other form a circle, which has no order. Nothing was run.',
    next: 'Put the notebook that gives the variable before the one that takes it. A circle has to be broken: move the cells that make the variable.',
  },
  CW801: {
    title: 'The plan for an engine rests on text alone',
    why: 'An engine with a fixed graph cannot take a result back, so every cell may do only what its plan says. No run has observed these cells: the plan has what their text allows for. A cell that does something else stops its step, and nothing of it is used.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again.',
  },
  CW810: {
    title: 'A cell did what its plan does not say',
    why: 'The cell wrote a name or a file, or acted on the outside, in a way that is not in the plan. Other steps rely on the plan, so they may have started without it: the step fails, and its result is not used.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again.',
  },
  CW811: {
    title: 'A cell needs a name of a step that need not come before it',
    why: 'The cell read a name, or depends on hidden state, that a cell before it in the notebook may write, and that cell is in no step that this one waits for. What was read may be too old: the step fails.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again.',
  },
  CW812: {
    title: 'A cell looked at a file of a step that need not come before it',
    why: 'The cell looked at a file that a cell of another step may write, and neither of the two waits for the other. The step fails.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again.',
  },
  CW813: {
    title: 'A cell was stopped before it acted on the outside',
    why: 'The cell was about to write a file, start a program or use the network, and the plan does not say that it may. It was ended before it did.',
    next: 'If it is meant to, run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again.',
  },
  CW814: {
    title: 'A value that no store has is needed',
    why: 'The value cannot leave the process of the cell that made it, or was not kept because no later cell was expected to read it. Steps are processes of their own.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again. Cells that share such a value become one step.',
  },
  CW815: {
    title: 'All cells are needed in one process',
    why: 'The cell did something that only gives the right result where all cells share a process, such as looking at `Out` or `_`.',
    next: 'Run the notebook once with `cellwright run NB`, then `cellwright profile NB`, and emit it again. All its cells become one step.',
  },
  CW816: {
    title: 'An object of the store is missing or damaged',
    why: 'What was read from the store is not what its name says, is cut short, or is not there. Nothing of it was used.',
    next: 'Remove what is damaged from the store, and run again the step that gave it.',
  },
  CW817: {
    title: 'The store cannot be used',
    why: 'The store cannot be reached, refuses what is sent to it, or needs a package that is not installed.',
    next: 'Look at the address, the credentials and the server, and run the step again: what is in the store already is not sent again.',
  },
  CW818: {
    title: 'The worker of a step failed',
    why: 'The program itself made a mistake while it ran a cell; the traceback says where.',
    next: 'Please report it, with the notebook.',
  },
  CW819: {
    title: 'A step does not fit the notebook or its inputs',
    why: 'The bundle, the plan and the references that the step was given are not those of one emitted notebook, or a step is missing among them.',
    next: 'Emit the notebook again, and give each step the results of the steps that it needs.',
  },
  CW820: {
    title: 'A step does not have this parameter',
    why: 'A value was given for a parameter that the step does not set.',
    next: 'Give values of parameters to the step that the plan names for them.',
  },
  CW821: {
    title: 'A result is not signed with the key of the run',
    why: 'Values of variables are loaded as pickles, which are code. The run has a key in `CELLWRIGHT_RUN_KEY`, and the reference that the step was given was not made by a step that has it. Nothing of it was loaded.',
    next: 'Give the step results of this run, or run the steps before it again with the key.',
  },
  CW822: {
    title: 'A result that an engine uses again rests on more than it knows',
    why: 'The engine runs the step again when its code, its inputs or the files that the plan lists have changed. The step looked at something else near the notebook: a file that no run has seen it read, a file that is not there, or what is in a folder.',
    next: 'Write `#| cache: false` in the cell, or run the notebook with these values by `cellwright run`, then `cellwright profile NB`, and emit it again.',
  },
  CW830: {
    title: 'Flyte ended before the workflow did',
    why: 'flytekit, or the control plane that it spoke to, gave up without a step having failed: a file that it could not import, a configuration that is not there, a server that does not answer.',
    next: 'Look at the log that the message names; `pyflyte run workflow.py NAME` in the folder of the project shows the same.',
  },
  CW831: {
    title: 'The interpreter has no flytekit',
    why: '`run --on flyte` runs the workflow by flytekit 1.16 or later, in the interpreter that the cells run in. flytekit needs Python 3.10 to 3.12.',
    next: 'Install it with the command of the message, or name an interpreter that has it with `--python`.',
  },
  CW832: {
    title: 'A file that cells read is not in the project',
    why: 'What is emitted for an engine takes along the files of the notebook’s folder that runs have seen its cells read, up to 100 MB in all. Others, and those outside of that folder, stay where they are, and a container does not have them.',
    next: 'Read it from an address that containers reach, or put it into the image.',
  },
  CW900: {
    title: 'The command line cannot be understood',
    why: 'An option, a parameter or a path is not what the command takes. Nothing was run or written.',
    next: 'See `cellwright COMMAND --help`.',
  },
  CW901: {
    title: 'A parameter has the wrong type, or no value',
    why: 'A value such as `yes` may be text where a number was meant. The type is the one of the annotation in the cell tagged `parameters`, else the one of the default value; None is always allowed, and an integer where a float is expected. A name with an annotation and no value has to be given one. Nothing was run.',
    next: 'True, False, None and numbers are typed as Python writes them; `-r NAME TEXT` always gives text. Where other types are meant, annotate the parameter, as in `rate: float = 1` or `zone: int | str = 5`.',
  },
  CW902: {
    title: 'A file cannot be read or written',
    why: 'The system refuses it, for the reason in the message. When a run has ended already, its executed notebook is kept where the message says.',
    next: 'Check the path, the permissions and the room on the disk.',
  },
  CW999: {
    title: 'Cellwright itself failed',
    why: 'Something happened that no part of the program expects. It is not the fault of the notebook.',
    next: 'Please report it, with the lines that follow the message and the notebook.',
  },
};
