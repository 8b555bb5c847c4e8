// What people with an account come for, walked in a real browser, with a real OpenID provider.
import assert from 'node:assert/strict';
import { axe_on, logIn, on } from './checks.mjs';

async function refused(context, url) {
  const cookie = (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  return fetch(url, { headers: { cookie }, redirect: 'manual' });
}

/** Every page of every desk that stands at an address of its own, with whose it is. */
export function pages({ samples }) {
  const of = (account, paths) => paths.map(([name, path, status]) => ({ account, name, path, status }));
  const explained = 'item=administrative-penalty&role=DEPARTMENT&department=AMR&purpose-of=licence-review&case-of=1';
  return [
    ...of('subject', [['desk-subject', '/desk'], ['desk-records', '/desk/records'], ['desk-access-log', '/desk/access-log'],
      ['desk-authorizations', '/desk/authorizations'], ['desk-applications', '/desk/applications'],
      ['desk-objection', '/desk/applications/objection'], ['desk-repair', '/desk/applications/repair'],
      ['desk-not-found', '/desk/applications/x', 404]]),
    ...of('department', [['desk-department', '/desk'], ['desk-query', '/desk/query'], ['desk-check', '/desk/check'],
      ['desk-upload', '/desk/upload'], ['desk-coverage', '/desk/coverage'], ['desk-returns', '/desk/returns'],
      ['desk-returns-fault', '/desk/returns?month=x', 400]]),
    ...of('implementer', [['desk-inbox', '/desk/inbox'], ['desk-inbox-late', '/desk/inbox?overdue=1&stage=ASSIGNED']]),
    ...of('coordinator', [['desk-coordinator', '/desk'], ['desk-actions', '/desk/actions'], ['desk-overdue', '/desk/overdue'],
      ['desk-returns-all', '/desk/returns?department=TAX']]),
    ...of('auditor', [['desk-auditor', '/desk'], ['desk-ledger', '/desk/ledger'],
      ['desk-ledger-filtered', '/desk/ledger?kind=query&role=DEPARTMENT&from=2026-01-01'], ['desk-entry', '/desk/ledger/7'],
      ['desk-reviews', '/desk/reviews'], ['desk-findings', '/desk/findings'], ['desk-exports', '/desk/exports']]),
    ...of('security_admin', [['desk-security', '/desk'], ['desk-policies', `/desk/policies?${explained}&relation=NONE&category=ORGANIZATION`],
      ['desk-policies-diff', '/desk/policies/diff'], ['desk-purposes', '/desk/purposes'], ['desk-keys', '/desk/keys']]),
    ...of('grantee', [['desk-grantee', '/desk'], ['desk-grantee-authorizations', '/desk/authorizations']]),
  ];
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
