/** The mark: a sheet that was written on, scraped and written on again. */

/** See the file's head. */
export function Wordmark() {
  return (
    <svg className="wordmark" viewBox="0 0 20 20" width="18" height="18" aria-hidden>
      <path d="M5 2.75h7.2L16.25 6.8v10.45H5z" fill="none" stroke="currentColor" strokeWidth="1.3" strokeLinejoin="round" />
      <path d="M7.6 8.2h4.2M7.6 10.6h6M7.6 13h3.4" stroke="currentColor" strokeWidth="1.2" strokeLinecap="round" opacity="0.4" />
      <path d="M9 15.3c2.6-.4 2.2-6.9 5.4-7.4-.1 2.500-1.600 5.700-5.400 7.400z" fill="var(--p-accent-text)" />
    </svg>
  )
}
