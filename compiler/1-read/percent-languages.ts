/** Languages that a cell magic of the same name runs; jupytext writes such a cell with `language="bash"` in its marker. */
export const languageMagics: ReadonlySet<string> = new Set([
  ...(
    'R bash sh python python2 python3 coconut javascript js perl html latex markdown pypy ruby script svg matlab octave idl ' +
    'robotframework sas spark sql cython haskell tcl gnuplot julia c++ scheme clojure powershell q typescript scala rust csharp ' +
    'fsharp sos java groovy sage ocaml maxima stata xonsh logtalk lua go c# f# cs fs'
  ).split(' '),
  'wolfram language',
]);
