/** A part of a panel with a heading that folds it. */
import { IconChevronDown } from '@tabler/icons-react'
import { type ReactNode, useId } from 'react'

/** See the file's head. `aside` sits at the right end of the heading. */
export function Section({ title, open, onToggle, aside, children }: { readonly title: string; readonly open: boolean; readonly onToggle: () => void; readonly aside?: ReactNode; readonly children: ReactNode }) {
  const id = useId()
  return (
    <section className="ui-section" aria-labelledby={`${id}-title`}>
      <div className="ui-section-head">
        <button type="button" id={`${id}-title`} className="ui-section-title" aria-expanded={open} aria-controls={id} onClick={onToggle}>
          <IconChevronDown size="0.8125rem" className="ui-chevron" data-open={open} aria-hidden />
          {title}
        </button>
        {aside}
      </div>
      {open && <div id={id} className="ui-section-body">{children}</div>}
    </section>
  )
}
