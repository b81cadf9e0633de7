/** A panel that stops working takes only itself down, says why and can be shown again. */
import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'

/** See the file's head. */
export class PanelBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: string | null }> {
  override readonly state: { readonly failed: string | null } = { failed: null }

  /** What the panel threw, as a sentence. */
  static getDerivedStateFromError(error: unknown): { failed: string } {
    return { failed: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    if (this.state.failed === null) return this.props.children
    return (
      <EmptyState title={t('panel.failed', { message: this.state.failed })}>
        <Button variant="default" onClick={() => this.setState({ failed: null })}>{t('panel.reload')}</Button>
      </EmptyState>
    )
  }
}
