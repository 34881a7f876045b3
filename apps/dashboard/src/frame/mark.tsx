/** A trivet: one plate, three legs. */
export function Mark() {
  return (
    <svg aria-hidden viewBox="0 0 32 32" className="size-6 shrink-0 fill-none stroke-accent" strokeLinecap="round" strokeWidth="3">
      <path d="M4 9h24" strokeWidth="4" />
      <path d="M8 11 5 27M16 11v16M24 11l3 16" />
    </svg>
  );
}
