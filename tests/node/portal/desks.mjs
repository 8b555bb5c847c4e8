// What people with an account come for, walked in a real browser, with a real OpenID provider.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { axe_on, logIn, on } from './checks.mjs';

/** Today in Shanghai, or so many days later. */
export function day(later) {
  const at = new Date(Date.now() + later * 86_400_000);
  return at.toLocaleDateString('sv-SE', { timeZone: 'Asia/Shanghai' });
}

/** The provider that a log-in leads to. */
async function providerOf(base) {
  const led = await fetch(`${base}/login`, { redirect: 'manual' });
  return new URL(led.headers.get('location')).origin;
}

/** What the gateway answers to the cookies of a browser. The provider would log it in again. */
async function withCookies(context, url) {
  const cookie = (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  return fetch(url, { headers: { cookie }, redirect: 'manual' });
}

/** Every page of every desk that stands at an address of its own, with whose it is. */
export function pages({ samples }) {
  const of = (account, paths) => paths.map(([name, path, status]) => ({ account, name, path, status, whole: name === 'desk-entry' }));
  const explained = 'item=administrative-penalty&role=DEPARTMENT&department=AMR&purpose-of=licence-review&case-of=1';
  return [
    ...of('subject', [['desk-subject', '/desk'], ['desk-records', '/desk/records'], ['desk-access-log', '/desk/access-log'],
      ['desk-authorizations', '/desk/authorizations'], ['desk-applications', '/desk/applications'],
      ['desk-objection', '/desk/applications/objection'], ['desk-repair', '/desk/applications/repair'],
      ['desk-not-found', '/desk/applications/x', 404]]),
    ...of('department', [['desk-department', '/desk'], ['desk-query', '/desk/query'], ['desk-check', '/desk/check'],
      ['desk-upload', '/desk/upload'],
      ['desk-awaiting', '/desk/actions/awaiting'],
      ['desk-initiate', '/desk/actions/initiate'], ['desk-coverage', '/desk/coverage'], ['desk-returns', '/desk/returns'],
      ['desk-returns-fault', '/desk/returns?month=x', 400]]),
    ...of('implementer', [['desk-inbox', '/desk/inbox'], ['desk-inbox-late', '/desk/inbox?overdue=1&stage=ASSIGNED']]),
    ...of('coordinator', [['desk-coordinator', '/desk'], ['desk-actions', '/desk/actions'], ['desk-overdue', '/desk/overdue'], ['desk-tipoffs', '/desk/tipoffs'],
      ['desk-returns-all', '/desk/returns?department=TAX']]),
    ...of('auditor', [['desk-auditor', '/desk'], ['desk-ledger', '/desk/ledger'],
      ['desk-ledger-filtered', '/desk/ledger?kind=query&role=DEPARTMENT&from=2026-01-01'], ['desk-entry', '/desk/ledger/7'],
      ['desk-reviews', '/desk/reviews'], ['desk-findings', '/desk/findings'], ['desk-exports', '/desk/exports']]),
    ...of('security_admin', [['desk-security', '/desk'], ['desk-policies', `/desk/policies?${explained}&relation=NONE&category=ORGANIZATION`],
      ['desk-policies-diff', '/desk/policies/diff'], ['desk-purposes', '/desk/purposes'], ['desk-keys', '/desk/keys']]),
    ...of('grantee', [['desk-grantee', '/desk'], ['desk-grantee-query', '/desk/query'], ['desk-forbidden', '/desk/ledger', 403]]),
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
      const { status } = await withCookies(context, `${base}/desk/records`);
      assert.equal(status, 303, 'what the cookie held opens nothing any more');
      await page.click('text=退出统一身份认证');
      await page.click('button[value="yes"]');
      await page.waitForURL(`${base}/`);
      await page.goto(`${base}/desk`);
      assert.ok(!page.url().startsWith(base), 'whoever logged out of both must say who it is');
    }),

  'whoever is not logged in, or not so far, gets nothing': (browser, { base }) =>
    on(browser, { base, account: 'subject' }, async (page) => {
      const anonymous = await fetch(`${base}/desk/inbox`, { redirect: 'manual' });
      assert.equal(anonymous.status, 303);
      assert.equal(anonymous.headers.get('location'), `/login?then=${encodeURIComponent('/desk/inbox').replaceAll('%2F', '%2F')}`);
      const posted = await fetch(`${base}/en/desk/authorizations`, { method: 'POST', body: new URLSearchParams({ revoke: 'x' }), redirect: 'manual' });
      assert.equal(posted.status, 401, 'a form of nobody is not led away');
      assert.match(await posted.text(), /You are not logged in any more/);
      const response = await page.goto(`${base}/desk/inbox`);
      assert.equal(response.status(), 403);
      await page.goto(`${base}/desk/authorizations`);
      await page.fill('#grantee', 'demo-bank');
      await page.fill('#until', day(90));
      await page.evaluate(() => { document.querySelector('form.panel input[name=token]').value = '0'.repeat(64); });
      const [answer] = await Promise.all([page.waitForResponse((found) => found.request().method() === 'POST'), page.click('form.panel button')]);
      assert.equal(answer.status(), 403, 'a form of another session is refused');
    }),

  'whoever logs out at the provider is out here too': (browser, { base }) =>
    on(browser, {}, async (page, context) => {
      await logIn(page, base, 'system_admin');
      await on(browser, {}, async (other, elsewhere) => {
        await logIn(other, base, 'system_admin');
        const { end_session_endpoint: end } = await (await fetch(`${await providerOf(base)}/.well-known/openid-configuration`)).json();
        await page.goto(end);
        await page.click('button[value="yes"]');
        for (let tries = 0; (await withCookies(context, `${base}/desk`)).status !== 303; tries += 1) {
          assert.ok(tries < 600, 'the session is still there a minute after the provider ended its own');
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assert.equal((await withCookies(elsewhere, `${base}/desk`)).status, 200, 'the other browser has a session of its own there');
      });
    }),

  'somebody logs out everywhere, and no browser is in any more': (browser, { base }) =>
    on(browser, {}, async (page, context) => {
      await logIn(page, base, 'system_admin');
      assert.equal((await withCookies(context, `${base}/desk`)).status, 200);
      await on(browser, {}, async (other) => {
        await logIn(other, base, 'system_admin');
        await other.click('text=在所有设备上退出');
        assert.match(await other.textContent('h1'), /您已退出/);
      });
      assert.equal((await withCookies(context, `${base}/desk`)).status, 303, 'the first browser is out too');
    }),
};

/** What each role does most, in a language of which `text` gives the words. */
export const roles = {
  'subject: grants an authorization, sees it, revokes it': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'subject', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/authorizations`);
      await page.fill('#grantee', 'demo-bank');
      await page.fill('#until', '2020-01-01');
      await page.click('form.panel button');
      assert.match(await page.textContent('#until-fault'), is('有效期', 'after today'));
      assert.equal(await page.inputValue('#grantee'), 'demo-bank', 'nothing typed is lost');
      await page.fill('#until', day(90));
      await page.check('#items-administrative-penalty');
      await page.fill('#uses', '3');
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict.good'), is('授权已生效', 'The authorization holds'));
      const rows = () => page.locator('h2:has-text("demo-bank")').count();
      assert.ok(await rows() > 0);
      await page.locator(`button:has-text("${prefix ? 'Revoke' : '撤销授权'}")`).first().click();
      assert.match(await page.textContent('.verdict.good'), is('授权已撤销', 'is revoked'));
    }),

  'subject: reads its records and who asked, objects by keyboard, takes it back': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'listed_firm', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/access-log`);
      assert.ok(await page.locator('tbody tr').count() > 0, 'somebody has asked');
      await page.goto(`${site.base}${prefix}/desk/applications`);
      const open = page.locator('tbody a').first();
      if (await open.count()) {
        await open.click();
        assert.match(await page.textContent('.steps'), is('提出', 'Filed'));
      }
      await page.goto(`${site.base}${prefix}/desk/records`);
      const way = page.locator('.card .actions a').first();
      await way.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/objection/);
      await page.focus('#reason');
      await page.keyboard.type('（合成样例）列入日期有误。');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.verdict');
      const told = await page.textContent('.verdict >> nth=0');
      if (is('已提交', 'is filed').test(told)) {
        await page.click('main .pages a');
        await page.click('main form:has(input[value=retract]) button');
        assert.match(await page.textContent('.verdict'), is('已办理', 'Done'));
      } else {
        assert.match(told, is('正在办理', 'being worked on'));
      }
    }),

  'subject: applies for repair with papers, of which name and digest are kept': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'listed_firm', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/records`);
      await page.locator('.card .actions a').nth(1).click();
      await page.fill('#commitment', '（合成样例）今后依法经营。');
      for (const number of [1, 2]) {
        await page.setInputFiles(`#file-${number}`, { name: `paper-${number}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4') });
      }
      await page.click('form.panel button');
      // The shortest period of publication is not over, or an earlier walk has applied: both are said, and nothing is lost.
      assert.match(await page.textContent('.verdict'), is('还没有到|正在办理|已提交', 'too early|being worked on|is filed'));
    }),

  'department: finds its inbox by keyboard alone, answers, and reports': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'implementer', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk`);
      await page.locator('.doors a').first().focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/inbox$/);
      await page.selectOption('#stage', 'ASSIGNED');
      await page.click('.filter button');
      const first = page.locator('tbody a').first();
      if (!await first.count()) {
        // The other language's walk has answered the only one.
        assert.match(await page.textContent('main'), is('没有', 'Nothing'));
        return;
      }
      await first.focus();
      await page.keyboard.press('Enter');
      await page.waitForSelector('#answer');
      await page.focus('#answer');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.verdict.good');
      await page.fill('#report', '（合成样例）已取消优惠。');
      await page.fill('#amountYuan', 'viel');
      await page.click('form.panel button');
      assert.match(await page.textContent('#amountYuan-fault'), is('金额', 'amount'));
      await page.fill('#amountYuan', '1250.00');
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict'), is('已办理', 'Done'));
      assert.match(await page.textContent('.steps'), is('反馈执行情况', 'Report'));
    }),

  'department: finds what waits for a joint action, and initiates it': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk`);
      await page.click(`main a:has-text("${prefix ? 'Awaiting a joint action' : '待发起'}")`);
      await page.selectOption('#purpose', site.samples.purpose);
      await page.fill('#case', site.samples.case);
      await page.click('form.panel button');
      await page.locator('form[action$="/initiate"] button').last().click();
      assert.ok(await page.locator('.card').count() === 1, 'the record that it rests on');
      await page.locator('fieldset input[type=checkbox]').first().check();
      await page.fill('#legalBasis', '样例条例第十条');
      await page.fill('#reason', '（合成样例）列入名单，已告知。');
      await page.fill('#notifiedOn', day(1));
      await page.fill('#endsOn', day(60));
      await page.click('form.panel button');
      assert.match(await page.textContent('#notifiedOn-fault'), is('先告知当事人', 'Notify the party first'));
      assert.equal(await page.inputValue('#legalBasis'), '样例条例第十条', 'nothing typed is lost');
      assert.ok(await page.locator('fieldset input[type=checkbox]').first().isChecked());
      await page.fill('#notifiedOn', day(0));
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict'), is('已办理', 'Done'));
      await page.click('main .pages a');
      assert.match(await page.textContent('.steps'), is('发起', 'Initiated'));
    }),

  'department: queries for a purpose and a case, by code, by name, and not without': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department', javaScriptEnabled: false }, async (page) => {
      const { samples } = site;
      await page.goto(`${site.base}${prefix}/desk/query`);
      await page.selectOption('#purpose', samples.purpose);
      await page.fill('#q', samples.citizenNumber);
      await page.click('form.panel button');
      assert.match(await page.textContent('#case-fault'), is('案号', 'case number'));
      await page.fill('#case', samples.case);
      await page.click('form.panel button');
      assert.ok(await page.locator('.card').count() > 0, 'a person is found by number, with a purpose and a case');
      assert.ok(!page.url().includes(samples.citizenNumber), 'nothing stands in the address');
      await page.fill('#q', '物流');
      await page.click('form.panel button');
      await page.locator('main form:has(input[name=q][type=hidden]) button').first().click();
      assert.ok(await page.locator('.card').count() > 0);
      await page.fill('#q', '<script>alert(1)</script>');
      await page.click('form.panel button');
      assert.equal(await page.inputValue('#q'), '<script>alert(1)</script>');
    }),

  'department: checks a pasted list and a file, and takes the receipts away': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department' }, async (page) => {
      const { samples } = site;
      await page.goto(`${site.base}${prefix}/desk/check`);
      await page.selectOption('#purpose', samples.purpose);
      await page.fill('#list', `${samples.uscc}\nx, 1`);
      await page.fill('#case', 'T-1');
      await page.click('form.panel button');
      assert.match(await page.textContent('#list-fault'), is('第 2 行', 'Line 2'));
      await page.fill('#list', `${samples.uscc}, T-2\n${samples.listedUscc}`);
      await page.setInputFiles('#file-list', { name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(`code,case\n${samples.otherUscc},T-3\n`) });
      await page.click('form.panel button');
      assert.equal(await page.locator('tbody tr').count(), 3);
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download="receipts.csv"]')]);
      const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
      assert.equal(lines.length, 4);
      const receipt = JSON.parse(lines[1].slice(lines[1].indexOf('"{') + 1, lines[1].lastIndexOf('"')).replaceAll('""', '"'));
      await page.goto(`${site.base}${prefix}/receipts?receipt=${encodeURIComponent(JSON.stringify(receipt))}`);
      assert.match(await page.textContent('#verdict'), is('回执有效', 'The receipt is good'));
    }),

  'department: decides on an application about its record, and is told when it has not chosen': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/applications?kind=OBJECTION`);
      const open = page.locator(`tbody tr:has-text("${prefix ? 'filed' : '已提出'}") a`).first();
      if (!await open.count()) return;
      await open.click();
      await page.fill('#reason', '（合成样例）经核实无误。');
      await page.selectOption('#answer', 'CORRECTED');
      await page.fill('#notice', '（合成样例）');
      await page.fill('#row', '没有这一列：x');
      await page.click('form.panel button');
      assert.match(await page.textContent('#row-fault'), is('没有这一列|这一行', 'names no column'));
      assert.equal(await page.inputValue('#reason'), '（合成样例）经核实无误。', 'nothing typed is lost');
      await page.selectOption('#answer', 'REJECTED');
      await page.fill('#row', '');
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict'), is('已办理', 'Done'));
    }),

  'department: sends a file and gets the quality report, and the rows that were not taken': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department' }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/upload`);
      await page.selectOption('#item', 'tax-class-a');
      await page.setInputFiles('#file', { name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') });
      await page.click('form.panel button');
      assert.match(await page.textContent('#file-fault'), is('没有找到表头', 'is a header'));
      const text = await readFile(join(site.folder, 'files', 'joint-work-tax-class-a.csv'), 'utf8');
      await page.selectOption('#item', 'tax-class-a');
      await page.setInputFiles('#file', { name: '纳税信用A级.csv', mimeType: 'text/csv', buffer: Buffer.from(`${text.trim()}\n${text.trim().split('\n')[1].replace(/91\w{16}/, '91370502MA9Y00001X')}\n`) });
      await page.click('form.panel button');
      assert.match(await page.textContent('main'), is('数据质量报告', 'Quality report'));
      assert.match(await page.textContent('main'), is('入库率', 'Acceptance rate'));
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download="rejects.csv"]')]);
      assert.match(await readFile(await download.path(), 'utf8'), /line/);
    }),

  'department: sees how many decisions were preceded by a check, and takes the return away': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'department' }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/coverage`);
      await page.fill('#from', '2026-11-01');
      await page.click('.filter button');
      assert.match(await page.textContent('table'), is('核查率|合计', 'Rate|Total'));
      await page.goto(`${site.base}${prefix}/desk/returns`);
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[download$=".csv"]').first().click()]);
      assert.match(await readFile(await download.path(), 'utf8'), /,/);
    }),

  'coordinator: sees the chain of an action as a timeline, dispatches one, and what is late': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'coordinator', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/overdue`);
      // The other language's walk has dispatched what was late.
      assert.ok(prefix || await page.locator('tbody tr').count() > 0, 'something is late in the story');
      await page.goto(`${site.base}${prefix}/desk/actions?stage=INITIATED`);
      if (await page.locator('tbody a').count()) {
        await page.locator('tbody a').first().click();
        assert.match(await page.textContent('.steps'), is('推送', 'Dispatch'));
        for (const set of await page.locator('main fieldset').all()) await set.locator('input').first().check();
        await page.click('main form:has(input[value=dispatch]) button');
        assert.match(await page.textContent('.verdict'), is('已办理', 'Done'));
      }
      await page.goto(`${site.base}${prefix}/desk/actions?stage=IN_FORCE`);
      await page.locator('tbody a').first().click();
      const steps = await page.locator('.steps > li').count();
      assert.ok(steps >= 4, `${steps} steps`);
      await page.goto(`${site.base}${prefix}/desk/returns`);
      assert.match(await page.textContent('main'), is('汇总反馈', 'What became of'));
    }),

  'auditor: filters the ledger, sees an entry with its proof, reviews, and exports with progress': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'auditor' }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/ledger`);
      await page.selectOption('#role', 'DEPARTMENT');
      await page.selectOption('#kind', 'query');
      await page.click('.filter button');
      assert.ok(await page.locator('tbody tr').count() > 0);
      await page.goto(`${site.base}${prefix}/desk/ledger/7`);
      assert.ok(await page.locator('svg[role=img] .node').count() > 3, 'the proof is drawn');
      const [proof] = await Promise.all([page.waitForEvent('download'), page.click('a[download$=".tlog-proof"]')]);
      assert.match(await readFile(await proof.path(), 'utf8'), /index 7/);
      await page.goto(`${site.base}${prefix}/desk/reviews`);
      if (await page.locator('form input[name=index]').count()) {
        await page.locator('main select[name=verdict]').first().selectOption('JUSTIFIED');
        await page.locator('main input[name=reason]').first().fill('（合成样例）有案卷。');
        await page.locator('main form:has(input[name=index]) button').first().click();
        assert.match(await page.textContent('.verdict'), is('已登记', 'registered'));
      }
      await page.goto(`${site.base}${prefix}/desk/exports`);
      await page.fill('#reason', '年度审计');
      await page.click('form.panel button');
      await page.click('main .pages a');
      for (let tries = 0; !await page.locator('a[download$=".tar"]').count(); tries += 1) {
        assert.ok(tries < 300, 'the bundle is not made within a minute');
        await page.waitForTimeout(200);
        await page.reload();
      }
      const [bundle] = await Promise.all([page.waitForEvent('download'), page.click('a[download$=".tar"]')]);
      assert.ok((await stat(await bundle.path())).size > 10_000);
    }),

  'security administrator: explains a field, sees what a change of the folder would do, purposes and keys': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'security_admin', javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/policies`);
      await page.selectOption('#item', 'administrative-penalty');
      await page.selectOption('#role', 'DEPARTMENT');
      await page.selectOption('#department', 'AMR');
      await page.selectOption('#purpose-of', 'licence-review');
      await page.fill('#case-of', '1');
      await page.click('.filter button');
      assert.ok(await page.locator('tbody tr').count() > 10);
      await page.goto(`${site.base}${prefix}/desk/policies/diff`);
      assert.match(await page.textContent('main'), is('相同', 'what is in force'));
      const file = join(site.folder, 'policies', 'disclosure.cedar');
      const before = await readFile(file, 'utf8');
      try {
        await writeFile(file, `${before}\n@id("nothing-for-the-public")\nforbid (principal, action == Action::"read", resource) when { principal.role == Role::"PUBLIC" };\n`);
        await page.reload();
        const told = await page.textContent('main');
        assert.match(told, /nothing-for-the-public/);
        assert.match(await page.textContent('tbody tr >> nth=0'), is('明文.*不提供', 'clear.*withheld'));
      } finally {
        await writeFile(file, before);
      }
      await page.goto(`${site.base}${prefix}/desk/purposes`);
      assert.match(await page.textContent('table'), /licence-review/);
      await page.goto(`${site.base}${prefix}/desk/keys`);
      assert.match(await page.textContent('table'), /field/);
    }),

  'department: is told of something new while the inbox stands open': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'implementer' }, async (page) => {
      await page.goto(`${site.base}${prefix}/desk/inbox`);
      await page.waitForSelector('#news[data-state=listening]', { state: 'attached' });
      assert.ok(!await page.isVisible('#news'));
      await on(browser, { base: site.base, account: 'coordinator' }, async (other) => {
        await other.goto(`${site.base}/desk/actions?stage=DISPATCHED`);
        const open = other.locator('tbody a');
        assert.ok(await open.count() > 0, 'an action is dispatched');
        await open.last().click();
        await other.selectOption('#ending', 'REVOKED');
        await other.fill('#reason', '（合成样例）认定有误。');
        await other.click('form.panel button');
        assert.match(await other.textContent('.verdict'), /已办理/);
      });
      await page.waitForSelector('#news', { state: 'visible' });
      await page.click('#news a');
      assert.match(await page.textContent('h1'), is('待办', 'Inbox'));
    }),

  'grantee: queries by the authorization that it was given': (browser, site, { prefix, is }) =>
    on(browser, { base: site.base, account: 'grantee', javaScriptEnabled: false }, async (page) => {
      const { samples } = site;
      await page.goto(`${site.base}${prefix}/desk/query`);
      await page.selectOption('#purpose', samples.granteePurpose);
      await page.fill('#authorization', 'AVIAAAAA');
      await page.fill('#q', samples.uscc);
      await page.click('form.panel button');
      assert.match(await page.textContent('#authorization-fault'), is('授权', 'authorization'));
      assert.equal(await page.locator('.card').count(), 0, 'nothing is shown in its place');
      await page.fill('#authorization', samples.authorization);
      await page.fill('#q', samples.uscc);
      await page.click('form.panel button');
      assert.ok(await page.locator('.card').count() > 0);
      assert.match(await page.textContent('main'), is('查询结果', 'What was found'));
    }),
};
