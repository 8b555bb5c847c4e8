// What people with an account come for, walked in a real browser, with a real OpenID provider.
import assert from 'node:assert/strict';
import { axe_on, on } from './checks.mjs';

/** Logs in by the account's name and gives the page, which then stands at the desk. */
export async function logIn(page, base, account, address = '/desk') {
  await page.goto(base + address);
  await page.click(`button[value="${account}"]`);
  await page.waitForURL(`${base}${address}`);
}

async function refused(context, url) {
  const cookie = (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  return fetch(url, { headers: { cookie }, redirect: 'manual' });
}

export const all = {
  'somebody logs in, finds the desk, and logs out': (browser, { base }) =>
    on(browser, {}, async (page, context) => {
      await page.goto(base);
      await page.click('text=登录');
      await page.click('button[value="subject"]');
      await page.waitForURL(`${base}/desk`);
      assert.match(await page.textContent('dl'), /信息主体/);
      const cookies = (await context.cookies(base)).filter(({ name }) => name.startsWith('__Host-'));
      assert.deepEqual(cookies.map(({ name, secure, httpOnly, sameSite, path }) => [name, secure, httpOnly, sameSite, path]),
        [['__Host-chengxin-session', true, true, 'Lax', '/']]);
      await page.click('text=退出 >> nth=0');
      assert.match(await page.textContent('h1'), /您已退出/);
      assert.deepEqual((await context.cookies(base)).filter(({ name }) => name.startsWith('__Host-')), []);
      await context.addCookies(cookies);
      const { status } = await refused(context, `${base}/desk/records`);
      assert.equal(status, 303, 'what the cookie held opens nothing any more');
      await page.click('text=退出统一身份认证');
      await page.click('button[value="yes"]');
      await page.waitForURL(`${base}/`);
      await page.goto(`${base}/desk`);
      assert.ok(!page.url().startsWith(base), 'whoever logged out of both must say who it is');
    }),
};
