/**
 * Choosing a folder where the page knows no paths: a list of those of the machine that serves. In plain DOM, since the bridge
 * is loaded before the window's own script; its looks are in folderDialog.css, which the window brings along.
 */
import type { FileInfo } from '../../preload/contract/files.ts'

/** Asks for one of the folders. @returns none when the person declines */
export function askForFolder(page: Document, folders: readonly FileInfo[]): Promise<FileInfo[]> {
  const make = <K extends keyof HTMLElementTagNameMap>(tag: K, text: string, more: Readonly<Record<string, string>> = {}): HTMLElementTagNameMap[K] => {
    const element = page.createElement(tag)
    element.textContent = text
    for (const [name, value] of Object.entries(more)) element.setAttribute(name, value)
    return element
  }
  const dialog = make('dialog', '', { 'class': 'folder-dialog', 'aria-labelledby': 'folder-dialog-title' })
  const form = make('form', '', { method: 'dialog' })
  const list = make('div', '', { 'class': 'folder-list', role: 'radiogroup', 'aria-label': 'Folders' })
  const choice = make('button', 'Choose', { type: 'submit', value: 'choose', 'class': 'folder-go' })
  const decline = make('button', 'Cancel', { type: 'button' }) // Enter in the list must not be this
  decline.addEventListener('click', () => dialog.close())
  choice.disabled = true
  for (const [index, { name }] of folders.entries()) {
    const row = make('label', '', { 'class': 'folder-row' })
    const input = make('input', '', { type: 'radio', name: 'folder', value: String(index) })
    input.addEventListener('change', () => (choice.disabled = false))
    row.addEventListener('dblclick', () => choice.click())
    const slash = name.lastIndexOf('/') + 1
    row.append(input, make('span', name.slice(0, slash), { 'class': 'folder-above' }), make('span', name.slice(slash)))
    list.append(row)
  }
  if (folders.length === 0) list.append(make('p', 'There is none yet: make one inside the served folder, then open this again.'))
  const foot = make('div', '', { 'class': 'folder-foot' })
  foot.append(decline, choice)
  form.append(make('h2', 'Choose a folder', { id: 'folder-dialog-title' }), make('p', 'Folders of the machine that serves, below the folder it was given.'), list, foot)
  dialog.append(form)
  page.body.append(dialog)
  dialog.showModal()
  ;(list.querySelector('input') ?? decline).focus()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const chosen = dialog.returnValue === 'choose' ? folders[Number(new FormData(form).get('folder'))] : undefined
      dialog.remove()
      resolve(chosen ? [chosen] : [])
    })
  })
}
