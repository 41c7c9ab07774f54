/** Makes the browser download `content`. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download holds the blob by the time the next task runs.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  });
}
