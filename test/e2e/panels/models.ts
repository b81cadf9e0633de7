/** The models screen, in a real browser. */
import { expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { asked, command, refuse, tell } from './panelPage.ts'
import type { Open } from './panelTypes.ts'

const show = (page: Page): Promise<void> => command(page, 'window.models')
async function choose(page: Page, model: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `What to do with ${model}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

/** Registers the tests. */
export function modelTests(open: Open): void {
  test('the offline lock is on, counts 0, and nothing can be downloaded until a person opens it', () => open('', async (page) => {
    await show(page)
    await page.getByText('requests since the start').waitFor()
    expect(await page.locator('.models-count output').textContent()).toBe('0')
    expect(await page.getByRole('button', { name: 'Look', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: /^Download Stable Diffusion 1.5 inpainting/ }).click()
    const accept = page.getByRole('button', { name: 'Accept and download' })
    await page.getByLabel('I have read it and accept it').check()
    expect(await accept.isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('button', { name: 'Open the lock to download' }).click()
    await accept.click()
    await expect.poll(() => asked(page, 'models.download')).toEqual([{ entry: 'stable-diffusion-1.5-inpainting', acceptedLicence: 'creativeml-openrail-m' }])
    expect(await asked(page, 'network.lock')).toEqual([{ locked: false }])
  }))

  test('a licence must be accepted before anything is downloaded', () => open('', async (page) => {
    await show(page)
    await page.getByRole('switch', { name: 'Offline lock' }).press(' ')
    await page.getByRole('button', { name: /^Download Stable/ }).click()
    expect(await page.getByRole('button', { name: 'Accept and download' }).isDisabled()).toBe(true)
    await page.getByText('PREAMBLE').first().waitFor()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    expect(await asked(page, 'models.download')).toEqual([])
  }))

  test('any repository is looked at by name; its weights are chosen once and taken with its licence', () => open('downloads=0', async (page) => {
    await show(page)
    await page.getByRole('switch', { name: 'Offline lock' }).press(' ')
    await page.getByRole('textbox', { name: 'Name of the repository' }).fill('someone/model')
    await refuse(page, 'models.look', 'The hub has no repository "someone/model"; check its name.')
    await page.keyboard.press('Enter')
    await page.getByText('check its name').waitFor()
    await page.getByRole('button', { name: 'Look', exact: true }).click()
    await page.getByText('2 files chosen').waitFor()
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    await page.getByLabel('I have read it and accept it').check()
    await page.getByRole('button', { name: 'Accept and download' }).click()
    await expect.poll(() => asked(page, 'models.download')).toEqual([{ repository: 'someone/model', revision: 'main', files: ['model_index.json', 'unet/diffusion_pytorch_model.safetensors'], acceptedLicence: 'openrail++' }])
  }))

  test('a file is looked into, told about, and added only when the person says so', () => open('', async (page) => {
    await show(page)
    await page.getByRole('button', { name: 'Choose a file' }).click()
    await page.getByText('a text-to-image model of the SD1 family').waitFor()
    expect(await asked(page, 'models.add')).toEqual([])
    await page.getByRole('button', { name: 'Read it with the configuration' }).click()
    await page.getByText('Configuration from').waitFor()
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('portrait-v2', { exact: true }).waitFor()
    expect((await asked(page, 'models.add'))[0]).toHaveProperty('config')
  }))

  test('taking a model off the list says that its file stays', () => open('', async (page) => {
    await show(page)
    await choose(page, 'film-grain-v3.safetensors', 'Take off the list')
    await page.getByText('The files stay where they are').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Take off the list' }).click()
    await expect.poll(() => page.getByText('film-grain-v3.safetensors', { exact: true }).count()).toBe(0)
    expect(await asked(page, 'models.remove')).toEqual([{ id: 'mine' }])
    await page.getByRole('button', { name: 'What to do with Papercut starter', exact: true }).click()
    expect(await page.getByRole('menuitem', { name: 'Take off the list' }).count()).toBe(0)
  }))

  test('checking files shows how far it is and what it found', () => open('wordsMs=800', async (page) => {
    await show(page)
    await choose(page, 'Stable Diffusion 1.5', 'Check its files')
    await page.getByRole('progressbar', { name: 'Checking the files' }).waitFor()
    await page.getByText('All files are sound').waitFor()
  }))

  test('downloads of the last session are there, follow the news, and can be stopped and gone on with', () => open('', async (page) => {
    await show(page)
    await page.getByRole('button', { name: 'Pause Stable Diffusion 2.1' }).click()
    await page.getByText('Paused at 1.1 GB').waitFor()
    await page.getByRole('button', { name: 'Go on with Stable Diffusion 2.1' }).click()
    await page.getByRole('button', { name: 'Pause Stable Diffusion 2.1' }).waitFor()
    await tell(page, 'download.changed', { download: { download: 'dwn_aaaaaaaaaaaaaaaaaaaa', name: 'Stable Diffusion 2.1', state: 'running', received: 2_000_000_000, total: 2_600_000_000, bytesPerSecond: 20e6, etaSeconds: 30, error: null, model: null } })
    await page.getByText('1.9 GB of 2.4 GB · 19 MB/s, 30 s left').waitFor()
    await page.getByText('was cut 5 times in a row').waitFor()
    await page.getByRole('button', { name: 'Cancel someone/tiny-paint' }).click()
    await expect.poll(() => page.getByText('someone/tiny-paint').count()).toBe(0)
  }))
}
