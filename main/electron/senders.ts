/** Who may speak: only the top frame of one of our own windows, showing our own page. */
import type { IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron'
import { isOwnPage } from './assets.ts'

/** Whether a message comes from our own page in one of our own windows, and not from a frame or page that got into it. */
export function isTrustedSender(event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>, ours: (contents: WebContents) => boolean): boolean {
  const { sender, senderFrame } = event
  if (!senderFrame || !ours(sender)) return false // a frame that is gone speaks for nobody
  return senderFrame === sender.mainFrame && isOwnPage(senderFrame.url)
}
