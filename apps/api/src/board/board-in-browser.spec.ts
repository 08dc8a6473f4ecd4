import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate, syncJob } from '@bigbrotr/core';
import { createTestDatabase, needs, until, type TestDatabase } from '@bigbrotr/testing';
import { chromium, type Browser, type Page } from 'playwright-core';

import { openSpecApi, type SpecApi } from '../spec-api.js';

const SLOW_MS = 60_000;

needs('chromium')('the board in a browser', () => {
  let database: TestDatabase;
  let spec: SpecApi;
  let browser: Browser;

  beforeAll(async () => {
    database = await createTestDatabase(migrate);
    spec = await openSpecApi({
      databaseUrl: database.url,
      config: { api: { token: 'the-operator', viewerToken: 'the-viewer' }, networks: { local: { enabled: true } } },
    });
    await spec.bus.enqueue(syncJob, [{ relayId: 41 }], { network: 'clearnet' });
    browser = await chromium.launch({
      executablePath: process.env['BIGBROTR_TEST_CHROMIUM'] ?? '',
      args: ['--no-sandbox'],
    });
  }, SLOW_MS);

  afterAll(async () => {
    await browser.close();
    await spec.close();
    await database.drop();
  }, SLOW_MS);

  interface Visit {
    readonly page: Page;
    /** Everything that the page asked for. */
    readonly asked: string[];
    /** What the browser complained of: scripts that threw, and what the policy refused. */
    readonly complaints: string[];
  }

  async function visit(path: string, password?: string): Promise<Visit> {
    const page = await browser.newPage({
      viewport: { width: 1400, height: 900 },
      ...(password !== undefined && { httpCredentials: { username: 'me', password } }),
    });
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${spec.api.url}${path}`, { waitUntil: 'networkidle' });
    return { page, asked, complaints };
  }

  function expectOwn({ asked, complaints }: Visit): void {
    expect(new Set(asked.map((url) => new URL(url).origin))).toEqual(new Set([spec.api.url]));
    expect(complaints).toEqual([]);
  }

  it(
    'shows the queues, by stage and network, and asks nobody else for anything',
    async () => {
      const visited = await visit('/queues', 'the-operator');
      const text = await visited.page.locator('body').innerText();

      expect(text).toMatch(/sync\s+2/i);
      expect(text).toMatch(/clearnet/);
      expect(text).toMatch(/maintain/);
      expectOwn(visited);
      await visited.page.close();
    },
    SLOW_MS,
  );

  it(
    'lets the operator pause a queue and add a job by its form',
    async () => {
      const visited = await visit('/queues/queue/sync-clearnet', 'the-operator');
      const { page } = visited;
      expect(await page.locator('body').innerText()).toContain('sync-41');

      const menu = page.locator('button[aria-haspopup="menu"]').last();
      await menu.click();
      await page.getByRole('menuitem', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Confirm' }).click();
      await until(() => spec.bus.isPaused('sync-clearnet'));

      await menu.click();
      await page.getByRole('menuitem', { name: 'Add job' }).click();
      const form = page.getByRole('dialog');
      await until(async () => (await form.innerText()).includes('"relayId": 0'));
      await form.locator('.cm-content').first().click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText('{"relayId": 42}');

      const queue = spec.backend.queue('sync-clearnet');
      // The editor hands its text over a moment after the last key.
      const jobId = await until(
        async () => {
          const add = form.getByRole('button', { name: 'Add' });
          if (await add.isVisible()) await add.click({ timeout: 1_000 }).catch(() => undefined);
          return queue.getDeduplicationJobId('sync-42');
        },
        { everyMs: 300 },
      );
      expect((await queue.getJob(jobId))!.data).toEqual({ v: 1, relayId: 42 });
      expect(visited.complaints.filter((text) => /policy|refused/i.test(text))).toEqual([]);
      await page.close();
    },
    SLOW_MS,
  );

  it(
    'lets the viewer look',
    async () => {
      const visited = await visit('/queues/queue/sync-clearnet', 'the-viewer');
      const text = await visited.page.locator('body').innerText();

      expect(text).toContain('sync-41');
      expect(await visited.page.getByRole('menuitem', { name: 'Pause' }).count()).toBe(0);
      expectOwn(visited);
      await visited.page.close();
    },
    SLOW_MS,
  );

  it(
    'shows the documentation without a script or a stranger',
    async () => {
      const visited = await visit('/docs');

      await visited.page.locator('summary', { hasText: '/v1/events/{id}' }).click();

      expect(await visited.page.locator('body').innerText()).toContain('Not archived, or expired.');
      expect(await visited.page.evaluate(`getComputedStyle(document.querySelector('h1')).fontFamily`)).toContain(
        'system-ui',
      );
      expectOwn(visited);
      await visited.page.close();
    },
    SLOW_MS,
  );
});
