/** Puts the keyboard where it was in the grid. */
export function focusGrid(): void {
  const place = document.querySelector('[role="grid"] [tabindex="0"]');
  if (place instanceof HTMLElement) place.focus({ preventScroll: true });
}
