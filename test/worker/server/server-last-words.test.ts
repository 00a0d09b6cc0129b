import { describe, expect, it } from 'vitest';
import { isPortLost, lastWords } from '../../../worker/server/server-last-words.js';
import { LOST_PORT } from '../../support/lost-port.js';

describe('lastWords', () => {
  it('begins with the panic, then says what the server told before it, without a trace', () => {
    expect(lastWords(LOST_PORT)).toBe(
      'panic: runtime error: invalid memory address or nil pointer dereference\n' +
        'before that: time=2026-11-30T15:48:52.842 level=ERROR msg="Failed to start gRPC listener" ' +
        'error="listen tcp 127.0.0.1:46603: bind: address already in use" service=frontend address=127.0.0.1:46603',
    );
  });

  it('gives the end of what a server said that ended without a panic', () => {
    const refusal = 'Error: failed creating namespaces: unable to create SQLite admin DB: file is not a database (26)';
    expect(lastWords(`${refusal}\n\n`)).toBe(refusal);
    expect(lastWords(`${'a warning\n'.repeat(500)}${refusal}\n`)).toMatch(/^…(.|\n){1000}$/);
    expect(lastWords(`${'a warning\n'.repeat(500)}${refusal}\n`)).toContain(refusal);
  });

  it('knows a trace of several goroutines, and a panic of its own words', () => {
    const traces = 'goroutine 7 gp=0x1 m=3 mp=0x2 [running]:\nmain.f()\n\ngoroutine 1 [select]:\nmain.g()\n';
    expect(lastWords(`panic: database disk image is malformed\n\n${traces}`)).toBe(
      'panic: database disk image is malformed',
    );
    expect(lastWords(`fatal error: out of memory\n\n${traces}`)).toBe('fatal error: out of memory');
  });

  it('is empty where nothing was said', () => {
    expect(lastWords('\n')).toBe('');
  });
});

describe('isPortLost', () => {
  it('sees it however far from the end it stands, and in nothing else', () => {
    expect(isPortLost(LOST_PORT)).toBe(true);
    expect(
      isPortLost("Error: can't set frontend port 44129: listen tcp 127.0.0.1:44129: bind: address already in use\n"),
    ).toBe(true);
    expect(isPortLost('Error: unable to open database file (14)\n')).toBe(false);
  });
});
