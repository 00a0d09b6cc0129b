import { describe, expect, it } from 'vitest';
import { allowedPath, newToken } from '../../../client/dashboard/access.js';

const TOKEN = newToken();
const at = { token: TOKEN, port: 4000 };
const host = '127.0.0.1:4000';
const origin = 'http://127.0.0.1:4000';

describe('who may ask the dashboard', () => {
  it.each([
    ['its page', { url: `/${TOKEN}/`, headers: { host } }, '/'],
    ['without the slash', { url: `/${TOKEN}`, headers: { host } }, ''],
    ['by the name of this host', { url: `/${TOKEN}/api/runs?x=1`, headers: { host: 'localhost:4000' } }, '/api/runs'],
    ['from its own page', { url: `/${TOKEN}/api/runs`, headers: { host, origin } }, '/api/runs'],
    ['a change from its own page', { method: 'POST', url: `/${TOKEN}/x`, headers: { host, origin } }, '/x'],
    ['a typed address', { url: `/${TOKEN}/`, headers: { host, 'sec-fetch-site': 'none' } }, '/'],
  ])('%s', (_, request, path) => {
    expect(allowedPath({ method: 'GET', ...request }, at)).toBe(path);
  });

  it.each([
    ['no token', { url: '/', headers: { host } }],
    ['another token', { url: `/${newToken()}/`, headers: { host } }],
    ['a longer one', { url: `/${TOKEN}x/`, headers: { host } }],
    ['the token elsewhere', { url: `/x/${TOKEN}/?${TOKEN}`, headers: { host } }],
    ['a forged Host', { url: `/${TOKEN}/`, headers: { host: 'evil.example:4000' } }],
    ['another port', { url: `/${TOKEN}/`, headers: { host: '127.0.0.1:4001' } }],
    ['no Host', { url: `/${TOKEN}/`, headers: {} }],
    ['a foreign Origin', { url: `/${TOKEN}/api/runs`, headers: { host, origin: 'http://127.0.0.1:4001' } }],
    ['an Origin that is hidden', { url: `/${TOKEN}/api/runs`, headers: { host, origin: 'null' } }],
    ['another site', { url: `/${TOKEN}/api/runs`, headers: { host, 'sec-fetch-site': 'cross-site' } }],
    ['another port of this host', { url: `/${TOKEN}/api/runs`, headers: { host, 'sec-fetch-site': 'same-site' } }],
    ['a change without Origin', { method: 'POST', url: `/${TOKEN}/x`, headers: { host } }],
    ['another method', { method: 'PUT', url: `/${TOKEN}/x`, headers: { host, origin } }],
  ])('not with %s', (_, request) => {
    expect(allowedPath({ method: 'GET', ...request }, at)).toBeNull();
  });

  it('tokens are long, and never the same', () => {
    expect(TOKEN).toMatch(/^[\w-]{32}$/);
    expect(newToken()).not.toBe(TOKEN);
  });
});
