/** Saves bytes as a file of that name. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the bytes after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Text as the name of a file: letters, digits, `-`, `_` and `.` stay. */
export function fileName(text: string): string {
  return text.replace(/[^\w.-]+/g, '_') || 'file';
}
