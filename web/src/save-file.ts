/** Hands the person a file. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has taken the blob by the time the next task runs.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  });
}
