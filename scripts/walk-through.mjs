// Makes docs/walk-through.md and its pictures: runs the commands of scripts/walk-through/template.md for real, on a
// copy of examples/images, and puts what they printed and measured into its places: no number is written by hand.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join, resolve as resolvePath } from 'node:path';
import sharp from 'sharp';
import { inProject, inTools } from './setup/process.mjs';
import { filled } from './walk-through/filled.mjs';

const PICTURES = ['progress', 'hypothesis_tree', 'dimension_curves'];
/** They travel with each clone and package. */
const PICTURE_BYTES = 200_000;
const PICTURE_WIDTH = 1400;
/** Where it all happens, kept: `npm run walk-through -- --from DIR` writes the page anew of what was measured there. */
const from = process.argv.indexOf('--from');
const home = from > 0 ? resolvePath(process.argv[from + 1] ?? '') : mkdtempSync(join(tmpdir(), 'autoresearch-walk-'));
const answersFile = join(home, 'answers.json');
const answers = existsSync(answersFile) ? JSON.parse(readFileSync(answersFile, 'utf8')) : {};
/** What the text calls the places that it has here. */
const at = {
  source: join(home, 'images'),
  workdir: join(home, 'runs', 'images'),
  tool: inTools('venv', 'bin', 'python'),
};

/** As a person would see it: their own folders, their own Python, a command on PATH. */
const asShown = (text) =>
  text
    .replaceAll(at.tool, 'python')
    .replaceAll(inTools('venv', 'bin', 'temporal'), 'temporal')
    .replaceAll(home, '~')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
    .replaceAll(/\x1b\[[0-9;]*m/g, '')
    .trimEnd();

async function printed(command) {
  answers[command] ??= await run(command);
  writeFileSync(answersFile, JSON.stringify(answers));
  return asShown(answers[command]);
}

/** Runs a line of the template in the source's folder; stdout and stderr in the order in which they came. */
function run(command) {
  const line = command
    .replaceAll(/~(?=\/)/g, home)
    .replace(/^python\b/, at.tool)
    .replaceAll('"python ', `"${at.tool} `);
  const shell = `autoresearch() { '${process.execPath}' '${inProject('dist', 'client', 'main.js')}' "$@"; }; ${line}`;
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', shell], { cwd: at.source, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
    child.on('error', reject);
    child.on('close', (code) => {
      process.stdout.write(`$ ${command}\n${text}\n`);
      if (code === 0) resolve(text);
      else reject(new Error(`${command} ended with exit code ${code}`));
    });
  });
}

function copyExample() {
  cpSync(inProject('examples', 'images'), at.source, {
    recursive: true,
    filter: (path) => basename(path) !== '__pycache__',
  });
  mkdirSync(join(home, 'runs'));
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ...[
      ['user.name', 'you'],
      ['user.email', 'you@example.org'],
      ['commit.gpgsign', 'false'],
    ].map((it) => ['config', ...it]),
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'The example as it ships'],
  ])
    if (spawnSync('git', args, { cwd: at.source, stdio: 'inherit' }).status !== 0)
      throw new Error(`git ${args} failed`);
}

/** Smaller where they are large; their lines and letters bear a palette. */
async function copyPicture(name) {
  const file = inProject('docs', 'pictures', `${name}.png`);
  const picture = sharp(join(at.workdir, `${name}.png`)).resize({ width: PICTURE_WIDTH, withoutEnlargement: true });
  await picture.png({ palette: true, compressionLevel: 9 }).toFile(file);
  const { size } = statSync(file);
  if (size > PICTURE_BYTES)
    throw new Error(`${file} has ${size} bytes; a picture of the guide has ${PICTURE_BYTES} at most`);
}

const places = {
  python: spawnSync(at.tool, ['--version'], { encoding: 'utf8' }).stdout.trim(),
  cores: String(cpus().length),
  date: new Date(statSync(home).birthtimeMs).toISOString().slice(0, 10),
};
if (from < 0) copyExample();
const template = readFileSync(inProject('scripts', 'walk-through', 'template.md'), 'utf8');
const text = await filled(template, places, {
  run: printed,
  json: async (command) => JSON.parse(await printed(command)),
  file: (name) => asShown(readFileSync(join(at.workdir, name), 'utf8')),
});
mkdirSync(inProject('docs', 'pictures'), { recursive: true });
for (const name of PICTURES) await copyPicture(name);
writeFileSync(inProject('docs', 'walk-through.md'), text);
process.stdout.write(`made docs/walk-through.md; the run is kept in ${home}\n`);
