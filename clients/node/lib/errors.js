// Why a call failed.

export const Code = Object.freeze({
  OK: 0, CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8, FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11, UNIMPLEMENTED: 12,
  INTERNAL: 13, UNAVAILABLE: 14, DATA_LOSS: 15, UNAUTHENTICATED: 16,
});

const names = Object.fromEntries(Object.entries(Code).map(([name, code]) => [code, name]));

/** Decide by `code`; `message` is for people. */
export class TriggerdError extends Error {
  /** `sent`: the daemon may have had the request. `isFinal`: no other try makes it better. */
  constructor(code, message, { details = [], sent = false, isFinal = false, cause } = {}) {
    super(message, { cause });
    this.name = 'TriggerdError';
    this.code = names[code] === undefined ? Code.UNKNOWN : code;
    this.details = details;
    this.sent = sent;
    this.isFinal = isFinal;
  }

  get codeName() {
    return names[this.code];
  }

  /** Whether the call may be made again; `isSafe`: it may be done twice. */
  mayRepeat(isSafe) {
    if (this.isFinal) return false;
    if (!this.sent) return this.code === Code.UNAVAILABLE;
    return isSafe && (this.code === Code.UNAVAILABLE || this.code === Code.RESOURCE_EXHAUSTED);
  }
}
