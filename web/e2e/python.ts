import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The Python that has the package. */
export function pythonWithPackage(): string {
  const found = process.env.ETHOGRAM_PYTHON;
  if (found) return found;
  throw new Error(
    'ETHOGRAM_PYTHON is not set: it must be a Python that has the ethogram package. `make test-browser` sets it.',
  );
}

/** Runs it to its end with these arguments; gives what it printed. */
export async function python(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(pythonWithPackage(), args)).stdout;
}
