// Steps that are told one by one, and end the run when one is not as it must be.

/** One thing that must hold. */
export function step(what, held, seen) {
  console.log(`${held ? 'ok  ' : 'FAIL'}  fhir-kit-client  ${what}`);
  if (!held) {
    console.error(`      seen: ${JSON.stringify(seen)}`);
    process.exit(1);
  }
}

/** `ask` must be refused with `status`, and one issue of the OperationOutcome must have `code` and say `text`. */
export async function refused(what, status, ask, code, text) {
  try {
    step(what, false, await ask());
  } catch (error) {
    const issues = error.response?.data?.issue ?? [];
    const told = issues.some((issue) => issue.code === code && JSON.stringify(issue).includes(text));
    step(`${what}: ${status} ${code}`, error.response?.status === status && told, error.response?.data ?? error.stack);
  }
}
