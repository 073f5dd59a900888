/**
 * Line magics that IPython runs without `%` when they are the first word of a cell of one line and no variable has their name:
 * those of its own shell and the aliases it defines on Unix (IPython 8 and 9, `magics_manager.magics['line']`).
 */
const lineMagics: ReadonlySet<string> = new Set(
  (
    'alias alias_magic autoawait autocall automagic bookmark cat cd clear code_wrap colors conda config connect_info cp debug dhist ' +
    'dirs doctest_mode ed edit env gui hist history killbgscripts ldir less lf lk ll load load_ext loadpy logoff logon logstart ' +
    'logstate logstop ls lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv notebook page pastebin pdb pdef pdoc ' +
    'pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat pylab qtconsole quickref recall rehashx ' +
    'reload_ext rep rerun reset reset_selective rm rmdir run save sc set_env store sx system tb time timeit unalias unload_ext uv ' +
    'who who_ls whos xdel xmode'
  ).split(' '),
);

/** The magic and its line when a cell of one line may be one without `%`; whether it is depends on the variables. */
export function automagic(line: string): { readonly name: string; readonly rest: string } | undefined {
  const found = /^\s*([a-z_]\w*)(?![\w.*])\s*(.*)$/.exec(line);
  const [, name = '', rest = ''] = found ?? [];
  return lineMagics.has(name) && !/^[=,]/.test(rest) ? { name, rest: rest.trim() } : undefined;
}
