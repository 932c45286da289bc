import type { Json, RunInfo } from '../../api/wire';

/** What stands where a secret stood. */
const HIDDEN = '[hidden]';
/** `git diff` is cut here when it is logged. */
const DIFF_BYTES_MAX = 256 * 1024;
/** Packages that are not pinned. */
const OWN_PACKAGES = ['ethogram', 'pip', 'setuptools', 'wheel'];

/** What a run says of how it was started. */
type Started = Pick<RunInfo, 'project' | 'id' | 'name' | 'code' | 'command' | 'system'>;

/** Whether a run says how it was started; those of other formats may not. */
export function canReproduce(info: Started): boolean {
  return info.code !== null || info.command.length > 0 || argumentsOf(info).length > 1;
}

/**
 * The shell script that makes a run again, letter for letter that of `ethogram reproduce`: `python/ethogram/reproduce.py` says why it is as it is,
 * and one set of cases tests both.
 */
export function reproduceScript(info: Started): string {
  const { code, system } = info;
  const launch = record(system.launch);
  const lines = ['#!/bin/sh', `# Makes the run ${info.project}/${info.id} (${info.name}) again.`, 'set -eu'];
  if (code?.commit) {
    const remote = text(launch.remote);
    lines.push(`: "\${REPOSITORY:=${remote}}"`);
    if (!remote) lines.push('# The repository had no remote: set REPOSITORY to where it lies.');
    lines.push('git clone --quiet "$REPOSITORY" code', 'cd code', `git checkout --quiet ${code.commit}`);
    if (code.diff) {
      if (code.diff.includes(HIDDEN)) {
        lines.push('# Secrets in the changes were not kept; they read [hidden].');
      }
      if ([...code.diff].length >= DIFF_BYTES_MAX) {
        lines.push('# The changes were too many to be kept whole: this fails.');
      }
      lines.push(
        "git apply --whitespace=nowarn <<'END_OF_CHANGES'",
        code.diff.replace(/\n+$/, ''),
        'END_OF_CHANGES',
      );
    }
    const folder = text(launch.folder);
    if (folder && folder !== '.') lines.push(`cd ${quoted(folder)}`);
  } else lines.push('# The code was in no git repository: start this where it lies.');
  const packages = Object.entries(record(system.packages))
    .filter(([name]) => !OWN_PACKAGES.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, version]) => `${name}==${text(version)}`);
  lines.push(': "${PYTHON:=python3}"');
  if (packages.length > 0) {
    lines.push(
      'if [ -z "${NO_INSTALL:-}" ]; then',
      `  # It was Python ${text(system.python) || 'None'}.`,
      '  "$PYTHON" -m venv .venv',
      '  PYTHON=.venv/bin/python',
      `  "$PYTHON" -m pip install --quiet -r /dev/stdin <<'END_OF_PACKAGES'`,
      ...packages,
      'END_OF_PACKAGES',
      'fi',
    );
  }
  const started = argumentsOf(info);
  if (started.join(' ').includes(HIDDEN)) {
    lines.push('# Secrets on the command line were not kept; put them in place of [hidden].');
  }
  lines.push(`exec "$PYTHON" ${started.slice(1).map(quoted).join(' ')}`);
  return `${lines.join('\n')}\n`;
}

/** The whole command line, its program first. */
function argumentsOf({ command, system }: Started): string[] {
  const kept = record(system.launch).arguments;
  return Array.isArray(kept) && kept.length > 0 ? kept.map(text) : ['', ...command];
}

/** As a shell reads it as one word. */
function quoted(word: string): string {
  if (word === '') return "''";
  return /[^A-Za-z0-9_@%+=:,./-]/.test(word) ? `'${word.replaceAll("'", `'"'"'`)}'` : word;
}

function record(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
