/**
 * A package that is installed with `pip install -e` from the user's original is imported from the experiment's tree.
 */
import { cp, mkdir, mkdtemp, readdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

let root: string;
let environment: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-editable-')));
  environment = join(root, 'original', '.venv');
  await mkdir(join(root, 'original/src/vision/loaders'), { recursive: true });
  await writeFile(join(root, 'original/src/vision/__init__.py'), '');
  await writeFile(join(root, 'original/src/vision/loaders/decode.py'), '');
  await cp(join(root, 'original'), join(root, 'tree'), { recursive: true });
  await mkdir(join(root, 'original/only_here/tools'), { recursive: true });
  await execa(packageFile('.tools', 'venv', 'bin', 'python'), ['-m', 'venv', '--without-pip', environment]);
});
afterEach(() => removeFolder(root));

/** As setuptools and the package `editables` write their finders, as far as matters here. */
const SETUPTOOLS = (table: string) => `import sys
from importlib.util import spec_from_file_location
from pathlib import Path
MAPPING = ${table}
NAMESPACES = {}
class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        for name, place in MAPPING.items():
            if fullname == name:
                return spec_from_file_location(fullname, Path(place, "__init__.py"), submodule_search_locations=[place])
def install():
    sys.meta_path.append(_EditableFinder)
`;
const EDITABLES = (table: string) => `import sys
from importlib.util import spec_from_file_location
class RedirectingFinder:
    _redirections = ${table}
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in cls._redirections:
            place = cls._redirections[fullname]
            return spec_from_file_location(fullname, place, submodule_search_locations=[place.rpartition("/")[0]])
sys.meta_path.append(RedirectingFinder)
`;

async function imported(files: Record<string, string>, code = 'import vision.loaders.decode as d; print(d.__file__)') {
  const [version] = await readdir(join(environment, 'lib'));
  for (const [name, text] of Object.entries(files))
    await writeFile(join(environment, 'lib', version as string, 'site-packages', name), text);
  const { stdout, stderr } = await execa(join(environment, 'bin/python'), ['-c', code], {
    cwd: root,
    extendEnv: false,
    env: {
      PYTHONPATH: packageFile('probe'),
      PYTHONDONTWRITEBYTECODE: '1',
      AUTORESEARCH_METRICS_DIR: root,
      AUTORESEARCH_TREE_DIR: join(root, 'tree'),
      AUTORESEARCH_ORIGINAL_DIR: join(root, 'original'),
    },
  });
  expect(stderr).toBe('');
  return stdout;
}

it.each([
  {
    by: 'a path, as with a src layout',
    files: () => ({ '__editable__.vision.pth': `${join(root, 'original/src')}\n` }),
  },
  {
    by: "a finder of setuptools'",
    files: () => ({
      '__editable__.vision.pth': 'import __editable___vision_finder; __editable___vision_finder.install()\n',
      '__editable___vision_finder.py': SETUPTOOLS(`{"vision": "${join(root, 'original/src/vision')}"}`),
    }),
  },
  {
    by: "a finder of hatch's",
    files: () => ({
      '_editable_impl_vision.pth': 'import _editable_impl_vision\n',
      '_editable_impl_vision.py': EDITABLES(`{"vision": "${join(root, 'original/src/vision/__init__.py')}"}`),
    }),
  },
])('by $by', async ({ files }) => {
  expect(await imported(files())).toBe(join(root, 'tree/src/vision/loaders/decode.py'));
});

it('stays where the tree has no such folder, and in an environment within the source', async () => {
  const code = 'import sys; print([path for path in sys.path if "original" in path and "zip" not in path])';
  const paths = await imported({ 'tools.pth': `${join(root, 'original/only_here')}\n` }, code);
  expect(paths).toContain(join(root, 'original/only_here'));
  expect(paths).toContain(join(environment, 'lib'));
});
