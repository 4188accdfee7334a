/** Saves a file in the browser's folder of downloads. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser may read the address after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
