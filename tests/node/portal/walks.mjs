// What people come for, done as they do it.
import assert from 'node:assert/strict';
import { axe_on, on } from './checks.mjs';

/** A witness by C2SP tlog-cosignature: its key, and its signature line over the text of a checkpoint. */
async function newWitness(name) {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const key = Buffer.concat([Buffer.of(4), Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey))]);
  const id = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.concat([Buffer.from(`${name}\n`), key]))).subarray(0, 4);
  const cosign = async (note, seconds) => {
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(seconds);
    const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`));
    return `\u2014 ${name} ${Buffer.concat([id, time, Buffer.from(signature)]).toString('base64')}\n`;
  };
  return { key: `${name}+${id.toString('hex')}+${key.toString('base64')}`, cosign };
}

/** A photograph as far as its first bytes go. */
const PHOTOGRAPH = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('\x89PNG\r\n\x1a\n and what follows', 'latin1') };

/** Presses Tab until the element that matches has the focus. */
async function tabTo(page, selector, most = 60) {
  for (let pressed = 0; pressed < most; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  assert.fail(`${most} presses of Tab do not reach ${selector}`);
}

/** The outline of what has the focus can be seen. */
async function showsFocus(page) {
  const style = await page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return `${outlineStyle} ${parseFloat(outlineWidth) >= 2}`;
  });
  assert.equal(style, 'solid true');
}

async function searchByKeyboard(page, base, start, name, heading) {
  await page.goto(base + start);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip', 'the way to the content comes first');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => location.hash), '#main');
  await tabTo(page, '#q');
  await showsFocus(page);
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/search\?/);
  await tabTo(page, '.candidates a');
  await showsFocus(page);
  const wanted = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/subjects\//);
  assert.equal(await page.textContent('h1'), wanted);
  assert.ok((await page.textContent('main')).includes(heading), heading);
}

export const all = {
  'search by the keyboard alone, in Chinese': (browser, { base }) =>
    on(browser, {}, (page) => searchByKeyboard(page, base, '/', '物流', '登记注册基本信息')),

  'search by the keyboard alone, in English': (browser, { base }) =>
    on(browser, {}, (page) => searchByKeyboard(page, base, '/en', '物流', 'Basic registration')),

  'search, next page, subject and report work without a script': (browser, { base }) =>
    on(browser, { javaScriptEnabled: false }, async (page) => {
      await page.goto(`${base}/`);
      await page.fill('#q', '有限公司');
      await page.click('button');
      const first = await page.locator('.candidates .code').allTextContents();
      await page.click('a[rel=next]');
      const second = await page.locator('.candidates .code').allTextContents();
      assert.ok(first.length === 20 && second.length > 0, `${first.length} ${second.length}`);
      assert.deepEqual(second.filter((code) => first.includes(code)), [], 'nobody stands on two pages');
      await page.click('.candidates a >> nth=0');
      await page.click('.actions .button');
      assert.match(await page.textContent('.report-head'), /报告编号/);
      await page.click('.receipt a');
      assert.match(await page.textContent('#verdict'), /回执有效/);
    }),

  'the language changes and the page stays': (browser, { base, samples }) =>
    on(browser, {}, async (page) => {
      await page.goto(`${base}/subjects/${samples.uscc}`);
      const name = await page.textContent('h1');
      await page.click('.language');
      assert.equal(await page.textContent('h1'), name);
      assert.equal(new URL(page.url()).pathname, `/en/subjects/${samples.uscc}`);
      await page.click('.language');
      assert.equal(new URL(page.url()).pathname, `/subjects/${samples.uscc}`);
    }),

  'a record that is objected to and masked parts are told of': (browser, { base, samples }) =>
    on(browser, { bypassCSP: true }, async (page) => {
      await page.goto(`${base}/subjects/${samples.listedUscc}`);
      assert.match(await page.textContent('.identity'), /异议处理中/);
      await page.goto(`${base}/subjects/${samples.uscc}`);
      assert.match(await page.textContent('.masked >> nth=0'), /已脱敏/);
      await axe_on(page);
    }),

  'a receipt is verified in the browser, and a changed one is not': (browser, { base, samples }) =>
    on(browser, {}, async (page) => {
      await page.goto(`${base}/subjects/${samples.uscc}/report`);
      const receipt = await page.textContent('.receipt-text');
      const { index } = JSON.parse(receipt);
      // The tree is signed a moment after the entry.
      for (let tries = 0; (await fetch(`${base}/ledger/proof/${index}`)).status !== 200; tries += 1) {
        assert.ok(tries < 600, 'no checkpoint covers the entry within a minute');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const proof = await (await fetch(`${base}/ledger/proof/${index}`)).text();
      await page.goto(`${base}/transparency`);
      const verdict = async (values) => {
        for (const [field, value] of Object.entries(values)) await page.fill(`#verify-${field}`, value);
        await page.evaluate(() => { document.getElementById('verify-told').textContent = ''; });
        await page.click('#verify button');
        await page.waitForFunction(() => document.getElementById('verify-told').textContent !== '');
        return page.textContent('#verify-told');
      };
      assert.match(await verdict({ receipt }), /条目在账本中/);
      assert.match(await verdict({ proof }), /条目在账本中/);
      const lines = proof.split('\n');
      const turned = lines.with(2, lines[2].startsWith('A') ? `B${lines[2].slice(1)}` : `A${lines[2].slice(1)}`).join('\n');
      assert.match(await verdict({ proof: turned }), /证明不成立/);
      assert.match(await verdict({ proof: proof.replace(/^index \d+/m, 'index 0') }), /另一个条目/);
      assert.match(await verdict({ proof: 'x\n\ny' }), /不是一个证明文件/);
      assert.match(await verdict({ proof: proof.replace(/\n(\d+)\n(?=[A-Za-z0-9+/=]+\n\n\u2014)/, '\n1$1\n') }), /检查点的签名不对/);
      const witness = await newWitness('witness.example/w');
      const cosigned = `${proof}${await witness.cosign(proof.slice(proof.indexOf('\n\n') + 2), 1_800_000_000n)}`;
      assert.match(await verdict({ proof: cosigned, 'witness-keys': `${witness.key}\n` }), /条目在账本中.*witness\.example\/w 联署有效 2027-01-15T08:00:00/);
      assert.match(await verdict({ proof }), /条目在账本中.*witness\.example\/w 没有有效的联署/);
      const liar = await newWitness('witness.example/w');
      assert.match(await verdict({ proof: cosigned, 'witness-keys': liar.key }), /没有有效的联署|联署不对/);
      assert.ok(await page.locator('#verify-told.bad').count(), 'nobody whom the reader trusts has cosigned');
      assert.match(await verdict({ 'witness-keys': `${liar.key}\n${witness.key}` }), /联署不对.*联署有效/);
      assert.ok(await page.locator('#verify-told.good').count());
      const late = await witness.cosign('other\n1\nAAAA\n\n', 1_800_000_000n);
      assert.match(await verdict({ proof: `${proof}${late}`, 'witness-keys': witness.key }), /联署不对/);
      assert.match(await verdict({ 'witness-keys': 'x' }), /公钥的格式不对/);
      await page.fill('#verify-witness-keys', '');
      assert.match(await verdict({ proof: '', receipt: receipt.replace('"index":"', '"index":"1') }), /签名不对/);
      assert.match(await verdict({ receipt: 'x' }), /不是一个回执/);
      assert.match(await verdict({ receipt, 'receipt-key': 'x' }), /公钥的格式不对/);
    }),

  'a tip-off without a script, and how far it has come': (browser, { base, samples }) =>
    on(browser, { javaScriptEnabled: false }, async (page) => {
      await page.goto(`${base}/guide`);
      await page.click('text=我要举报');
      for (const [field, text] of [['uscc', samples.uscc.slice(0, 17)], ['conduct', '（合成样例）夜间施工扰民。'], ['name', '']]) {
        await page.focus(`#${field}`);
        await page.keyboard.type(text);
      }
      await page.selectOption('#field', 'OTHER');
      await page.focus('form.panel button');
      await page.keyboard.press('Enter');
      assert.match(await page.textContent('#uscc-fault'), /不是正确的统一社会信用代码/);
      assert.equal(await page.inputValue('#conduct'), '（合成样例）夜间施工扰民。', 'nothing typed is lost');
      await page.fill('#uscc', samples.uscc);
      await page.click('form.panel button');
      const code = await page.textContent('.query-code');
      assert.match(code, /^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
      assert.ok(!page.url().includes('?'), 'nothing stands in the address');
      await page.reload();
      assert.equal(await page.textContent('.query-code'), code, 'a form that comes again is the same tip-off');
      await page.setInputFiles('#files', [PHOTOGRAPH, { ...PHOTOGRAPH, name: 'b.png', buffer: Buffer.concat([PHOTOGRAPH.buffer, Buffer.from('b')]) }]);
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict'), /现在有 2 份/);
      await page.setInputFiles('#files', { ...PHOTOGRAPH, buffer: Buffer.from('MZ') });
      await page.click('form.panel button');
      assert.match(await page.textContent('#files-fault'), /只收 JPEG/);
      await page.goto(`${base}/guide`);
      await page.click('main >> text=查询举报进度');
      await page.fill('#code', code.toLowerCase().replaceAll('-', ' '));
      await page.click('form.panel button');
      assert.match(await page.textContent('#stage'), /等待交办/);
      await page.goto(`${base}/en/tipoffs/progress`);
      await page.fill('#code', 'x');
      await page.click('form.panel button');
      assert.match(await page.textContent('#code-fault'), /There is no such code/);
    }),

  'the pages of a tip-off that was made are read as well as the others': (browser, { base, samples }) =>
    on(browser, { bypassCSP: true, viewport: { width: 320, height: 640 } }, async (page) => {
      const looks = async (title) => {
        await axe_on(page);
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
        assert.ok(wide <= 320, `${title}: ${wide} pixels wide`);
      };
      await page.goto(`${base}/en/tipoffs`);
      await page.fill('#uscc', samples.uscc);
      await page.selectOption('#field', 'OTHER');
      await page.fill('#conduct', '（合成样例）货不对板。');
      await page.click('form.panel button');
      const code = await page.textContent('.query-code');
      await looks('done');
      await page.setInputFiles('#files', { ...PHOTOGRAPH, buffer: Buffer.from('MZ') });
      await page.click('form.panel button');
      await looks('refused');
      await page.setInputFiles('#files', PHOTOGRAPH);
      await page.click('form.panel button');
      assert.match(await page.textContent('.verdict'), /one file now/);
      await looks('taken');
      await page.goto(`${base}/en/tipoffs/progress`);
      await page.fill('#code', code);
      await page.click('form.panel button');
      await looks('progress');
    }),

  'double publicity by department and date': (browser, { base }) =>
    on(browser, {}, async (page) => {
      await page.goto(`${base}/publicity`);
      await page.selectOption('#item', 'administrative-penalty');
      await page.selectOption('#department', 'AMR');
      await page.fill('#from', '2026-01-01');
      await page.click('.filter button');
      const days = await page.locator('article h4 time').allTextContents();
      assert.ok(days.length > 0 && days.every((day) => day >= '2026-01-01'), days.join(' '));
      assert.deepEqual(days, days.toSorted().reverse(), 'the newest first');
      assert.equal(await page.inputValue('#department'), 'AMR', 'the form keeps what was chosen');
    }),

  'a report fills A4 pages with its number, its records and its code': (browser, { base, samples }) =>
    on(browser, {}, async (page) => {
      await page.goto(`${base}/subjects/${samples.uscc}/report`);
      await page.emulateMedia({ media: 'print' });
      const hidden = ['.top nav', '.who', '.skip'].map((selector) => page.locator(selector).isVisible());
      assert.deepEqual(await Promise.all(hidden), [false, false, false]);
      assert.ok(await page.locator('svg.qr').isVisible());
      const file = await page.pdf({ format: 'A4', preferCSSPageSize: true });
      const sheets = file.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
      assert.ok(sheets >= 2 && sheets <= 6, `${sheets} sheets`);
    }),
};
