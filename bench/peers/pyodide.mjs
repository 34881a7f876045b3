/** Pyodide in a process of its own: says when it has run a line of Python for the first time, and how long the next takes. */
import { loadPyodide } from 'pyodide';

const pyodide = await loadPyodide();
const first = pyodide.runPython('sum(range(10))');
const readyAt = performance.timeOrigin + performance.now();
const again = performance.now();
pyodide.runPython('sum(range(10))');
process.send({ first, readyAt, againMs: performance.now() - again, rssMib: process.memoryUsage().rss / 1_048_576 });
process.disconnect();
