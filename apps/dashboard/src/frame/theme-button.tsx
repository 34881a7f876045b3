import { useState } from 'react';
import { Button } from '../parts/button.js';
import { THEMES, applyTheme, storedTheme, type Theme } from './theme.js';

const SIGNS: Record<Theme, string> = { system: '◐', light: '☀', dark: '☾' };

/** Steps through the themes: the system's, light, dark. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  return (
    <Button
      tone="quiet"
      aria-label={`Theme: ${theme}. Change to ${next}.`}
      title={`Theme: ${theme}`}
      onClick={() => {
        applyTheme(next);
        setTheme(next);
      }}
    >
      <span aria-hidden>{SIGNS[theme]}</span>
    </Button>
  );
}
