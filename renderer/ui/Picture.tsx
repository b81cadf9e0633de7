/** A picture that may still be on its way; an empty frame until then. */

/** See the file's head. `alt` "" for a picture that only decorates. */
export function Picture({ src, alt, className = '' }: { readonly src: string | null; readonly alt: string; readonly className?: string }) {
  return src ? <img className={`ui-picture ${className}`} src={src} alt={alt} draggable={false} /> : <span className={`ui-picture ui-picture-empty ${className}`} aria-hidden />
}
