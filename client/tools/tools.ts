/** The table of what a supervisor can do with a run. The MCP server and the chat offer it, and nothing beside it. */
import { CHANGING_TOOLS } from './changing-tools.js';
import { READING_TOOLS } from './reading-tools.js';
import type { Tool } from './tool.js';

export const TOOLS: readonly Tool[] = [...READING_TOOLS, ...CHANGING_TOOLS];
