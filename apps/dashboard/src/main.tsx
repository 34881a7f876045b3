import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/query-client.js';
import { applyTheme, storedTheme } from './frame/theme.js';
import { router } from './router.js';
import './styles.css';

applyTheme(storedTheme());
const place = document.getElementById('dashboard');
if (!place) throw new Error('index.html has no element #dashboard');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
