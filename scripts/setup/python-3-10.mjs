// spdl 0.8 says that it runs on Python 3.10, but imports a name that typing has from 3.11 on. In the tool folder's
// environment of a 3.10 the name is put there, by a line that Python runs at its start.
import { run } from './process.mjs';

const SHIM = "import typing; typing.__dict__.setdefault('Self', typing.TypeVar('Self'))";

const WRITER = `
import pathlib, sys, sysconfig
if sys.version_info < (3, 11):
    pathlib.Path(sysconfig.get_path("purelib"), "typing_self.pth").write_text(sys.argv[1] + "\\n")
`;

export const addTypingSelf = (python) => run(python, ['-c', WRITER, SHIM]);
