// Labels of versions (user guide, "Working with parameter labels", "Label requirements and restrictions").

export function isLabel(text: string): boolean {
  return /^[A-Za-z_.-][A-Za-z0-9_.-]{0,99}$/.test(text) && !/^(?:aws|ssm)/i.test(text);
}
