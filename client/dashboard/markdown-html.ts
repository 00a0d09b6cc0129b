/**
 * Markdown of agents as HTML: nothing in it is executed, and nothing is loaded. HTML in the text is shown as text,
 * pictures by their names, and links only where they lead to a web page.
 */
import { Marked } from 'marked';
import { escapeXml } from '../../domain/charts/label-text.js';

const marked = new Marked({
  async: false,
  gfm: true,
  renderer: {
    html: ({ text }) => escapeXml(text),
    image: ({ text }) => escapeXml(text),
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      if (!/^https?:\/\//i.test(href)) return text;
      return `<a href="${escapeXml(href)}" target="_blank" rel="noreferrer noopener">${text}</a>`;
    },
    // The page has its own first headings.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

/** Without the block of numbers at its end, which is for programs. */
export function markdownHtml(text: string): string {
  return marked.parse(text.replace(/\n```json\n[^`]*```\s*$/, '')) as string;
}
