/** SVG to PNG with the fonts that ship with the package, whatever the machine has. */
import type { Sharp, SharpOptions } from 'sharp';
import { packageFile } from './package-files.js';

/** Two pixels for one, unless the picture would be larger than viewers like to open. */
const SCALE = 2;
const LONGEST_SIDE_PX = 9000;
/** More take seconds to draw. */
const MOST_PIXELS = 12e6;
const CSS_DPI = 72;

export async function svgToPng(svg: string): Promise<Buffer> {
  renderer ??= loadRenderer();
  const render = await renderer;
  const [width, height] = sizeOf(svg);
  const scale = Math.min(SCALE, LONGEST_SIDE_PX / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  return render(Buffer.from(svg), { density: CSS_DPI * scale })
    .png()
    .toBuffer();
}

function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /<svg [^>]*\bwidth="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return [Number(width ?? 1), Number(height ?? 1)];
}

type Renderer = (input: Buffer, options: SharpOptions) => Sharp;
let renderer: Promise<Renderer> | undefined;

/**
 * The font library reads its configuration once, at the first text. It must find ours then, and jobs that are started
 * from this process must not: so the variable is set for one small rendering and put back.
 */
async function loadRenderer(): Promise<Renderer> {
  const before = process.env.FONTCONFIG_FILE;
  process.env.FONTCONFIG_FILE = packageFile('host', 'fonts', 'fonts.conf');
  try {
    const { default: sharp } = await import('sharp');
    const text = '<text y="9" font-family="DejaVu Sans">A<tspan font-weight="bold">A</tspan></text>';
    await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="20" height="12">${text}</svg>`))
      .raw()
      .toBuffer();
    return sharp;
  } finally {
    if (before === undefined) delete process.env.FONTCONFIG_FILE;
    else process.env.FONTCONFIG_FILE = before;
  }
}
