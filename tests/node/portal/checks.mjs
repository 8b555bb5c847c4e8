// What holds of every page.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Opens a page in a context of its own, does the work, and closes both. */
export async function on(browser, { account, base, ...options }, work) {
  const storageState = account ? await stateOf(browser, base, account) : undefined;
  const context = await browser.newContext({ ...options, storageState });
  context.setDefaultTimeout(PATIENCE);
  try {
    return await work(await context.newPage(), context);
  } finally {
    await context.close();
  }
}

const states = new Map();

/** How long what was kept of a log-in is used, in ms: much less than a session lasts that nobody uses. */
const KEPT_FOR = 600_000;
/** How long a page may take, in ms, on a machine that does something else. */
const PATIENCE = 120_000;

/** The cookies of somebody who logged in; kept for a while, so that a run does not log in a thousand times. */
async function stateOf(browser, base, account) {
  const kept = states.get(account);
  if (kept && Date.now() < kept.until) return kept.state;
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  await logIn(await context.newPage(), base, account);
  const state = await context.storageState();
  await context.close();
  states.set(account, { state, until: Date.now() + KEPT_FOR });
  return state;
}

/** Logs in by the account's name, and stands at the desk then. */
export async function logIn(page, base, account, address = '/desk') {
  await page.goto(base + address);
  await page.click(`button[value="${account}"]`);
  await page.waitForURL(base + address);
}

/** WCAG 2.2 AA and the best practices of axe-core. The policy of the page would refuse the foreign script, rightly. */
export async function axe_on(page) {
  await page.addScriptTag({ path: axe });
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), TAGS);
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html}\n${node.failureSummary}`).join('\n')}`);
  assert.deepEqual(told, []);
}

export async function axeFindsNothing(browser, { base, account }, address) {
  for (const colorScheme of ['light', 'dark']) {
    await on(browser, { bypassCSP: true, colorScheme, base, account }, async (page) => {
      await page.goto(base + address);
      await axe_on(page);
    });
  }
}
export { axeFindsNothing as axe };

/** Nothing is cut off or scrolled sideways: on a small telephone, and on 1280 pixels at 400 and at 200 per cent. */
export async function narrow(browser, { base, account }, address) {
  for (const [width, height] of [[320, 640], [640, 400]]) {
    await on(browser, { viewport: { width, height }, base, account }, async (page) => {
      await page.goto(base + address);
      const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
      assert.ok(wide <= width, `${wide} pixels wide at ${width}`);
      const small = await page.evaluate(() => {
        const lone = [...document.querySelectorAll('button, .button, input, select, nav a, .pages a, .candidates a, summary')];
        const boxes = lone.filter((element) => element.getClientRects().length).map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect().height]);
        return boxes.filter(([, high]) => high < 24);
      });
      assert.deepEqual(small, [], 'targets are at least 24 pixels high (WCAG 2.2, 2.5.8)');
    });
  }
}

/** The page asks this gateway alone, is small, and the console stays empty. */
export async function alone(browser, { base, account }, address, status = 200) {
  await on(browser, { base, account }, async (page) => {
    const [strangers, faults] = [[], []];
    let bytes = 0;
    page.on('request', (request) => request.url().startsWith(`${base}/`) || strangers.push(request.url()));
    page.on('response', async (response) => { bytes += Number(response.headers()['content-length'] ?? 0); });
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    const response = await page.goto(base + address, { waitUntil: 'networkidle' });
    assert.equal(response.status(), status);
    assert.deepEqual(strangers, []);
    const expected = status === 200 ? [] : faults.filter((text) => text.includes(String(status)));
    assert.deepEqual(faults, expected);
    assert.ok(bytes > 1_000 && bytes < 100_000, `${bytes} bytes`);
    const missing = (await page.textContent('body')).match(/\[[a-z]+(-[A-Za-z_]+)+\]/);
    assert.equal(missing, null, 'no text is missing');
    const html = await page.evaluate(() => document.documentElement.lang);
    assert.equal(html, address.startsWith('/en') ? 'en' : 'zh-CN');
  });
}

/** A picture of the page for docs/portal.md. */
export async function picture(browser, { base, account }, address, path, fullPage) {
  await on(browser, { viewport: { width: 960, height: 720 }, base, account }, async (page) => {
    await page.goto(base + address);
    await page.screenshot({ path, type: 'jpeg', quality: 60, fullPage });
  });
}
