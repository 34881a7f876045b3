/** What a module may be. The limits of one tool come from its manifest; these hold for all. */
export const ADMISSION_LIMITS = {
  moduleBytes: 8 * 1_048_576,
  functions: 50_000,
  imports: 1000,
  exports: 10_000,
  /** Findings that are listed; a module can be wrong in more ways than anybody reads. */
  findings: 100,
  tags: 16,
  tables: 4,
  tableEntries: 10_000,
  /** Host functions of Extism that do nothing but move bytes of the call, log, or end in our own guard. */
  extismFunctions: [
    'alloc', 'free', 'length', 'length_unsafe', 'load_u8', 'load_u64', 'store_u8', 'store_u64', 'input_offset', 'input_length',
    'input_load_u8', 'input_load_u64', 'output_set', 'error_set', 'error_get', 'config_get', 'var_get', 'var_set', 'get_log_level',
    'log_trace', 'log_debug', 'log_info', 'log_warn', 'log_error', 'http_request', 'http_status_code', 'http_headers',
  ],
} as const;

/** What a module calls something, cut to what a message can show. */
export const shown = (name: string): string => (name.length > MOST_SHOWN ? `${name.slice(0, MOST_SHOWN)}…` : name);
const MOST_SHOWN = 100;

export const EXTISM_MODULE = 'extism:host/env';
export const TRIVET_MODULE = 'extism:host/user';

/** One reason why a module is refused. */
export interface AdmissionFinding {
  rule: 'size' | 'format' | 'start-section' | 'entry' | 'import' | 'memory' | 'table' | 'functions' | 'tags' | 'exports' | 'section' | 'limit';
  message: string;
  value: string | number;
  limit: string | number;
}
