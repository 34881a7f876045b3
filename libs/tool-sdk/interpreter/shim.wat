;; The Extism side of the interpreter: `run` takes the JSON input, calls globalThis.__start(text), lets promises settle, calls globalThis.__idle(),
;; as long as that gives promises something to do, and gives back what globalThis.__end() returns. A failure is described by globalThis.__err(error) and sets the Extism error.
;; `init` and `load` serve the build only; the finished plugin no longer exports them.
(module
  (import "quickjs" "memory" (memory 0))
  (import "quickjs" "wasm_malloc" (func $malloc (param i32) (result i32)))
  (import "quickjs" "wasm_free" (func $free (param i32)))
  (import "quickjs" "qjs_init" (func $qjs_init (result i32)))
  (import "quickjs" "qjs_eval" (func $eval (param i32 i32 i32 i32) (result i32)))
  (import "quickjs" "qjs_call" (func $qjs_call (param i32 i32 i32 i32) (result i32)))
  (import "quickjs" "qjs_is_exception" (func $is_exception (param i32) (result i32)))
  (import "quickjs" "qjs_get_exception" (func $get_exception (result i32)))
  (import "quickjs" "qjs_get_string_len" (func $get_string (param i32 i32) (result i32)))
  (import "quickjs" "qjs_get_undefined" (func $undefined (result i32)))
  (import "quickjs" "qjs_get_global" (func $global_object (result i32)))
  (import "quickjs" "qjs_get_prop_string" (func $get_property (param i32 i32) (result i32)))
  (import "quickjs" "qjs_set_prop_string" (func $set_property (param i32 i32 i32) (result i32)))
  (import "quickjs" "qjs_new_string" (func $new_string (param i32 i32) (result i32)))
  (import "quickjs" "qjs_new_host_function" (func $new_host_function (param i32 i32 i32) (result i32)))
  (import "quickjs" "qjs_is_job_pending" (func $job_pending (result i32)))
  (import "quickjs" "qjs_execute_pending_job" (func $execute_job (result i32)))
  (import "quickjs" "qjs_set_memory_limit" (func $set_memory_limit (param i32)))
  (import "quickjs" "qjs_set_max_stack_size" (func $set_stack_limit (param i32)))
  (import "quickjs" "qjs_set_interrupt_handler" (func $set_interrupt (param i32)))
  (import "env" "__fuel" (global $fuel (mut i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $block_alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))

  (func (export "init") (param $memory_bytes i32) (param $stack_bytes i32)
    (if (call $qjs_init) (then unreachable))
    (call $set_memory_limit (local.get $memory_bytes))
    (call $set_stack_limit (local.get $stack_bytes))
    (call $set_interrupt (i32.const 1)))

  ;; Makes globalThis.<letter> a function that ends in host_call; the bundle takes them before anything else runs.
  (func (export "define") (param $letter i32) (local $name i32)
    (local.set $name (call $malloc (i32.const 8)))
    (i64.store (local.get $name) (i64.extend_i32_u (local.get $letter)))
    (drop (call $set_property (call $global_object) (local.get $name) (call $new_host_function (local.get $name) (i32.const 1) (i32.const 1))))
    (call $free (local.get $name)))

  ;; Runs a script at build time. 0, or the address of its error text (NUL-terminated).
  (func (export "load") (param $source i32) (param $length i32) (result i32) (local $scratch i32) (local $value i32)
    (local.set $scratch (call $malloc (i32.const 16)))
    (i64.store (local.get $scratch) (i64.const 0x00736a2e6c6f6f74)) ;; "tool.js"
    (local.set $value (call $eval (local.get $source) (local.get $length) (local.get $scratch) (i32.const 0)))
    (if (i32.eqz (call $is_exception (local.get $value))) (then (call $drain) (return (i32.const 0))))
    (call $get_string (call $get_exception) (local.get $scratch)))

  (func $drain
    (block $done (loop $next
      (br_if $done (i32.eqz (call $job_pending)))
      (drop (call $execute_job))
      (br_if $done (i64.lt_s (global.get $fuel) (i64.const 0)))
      (br $next))))

  (func $call_global (param $name i64) (param $argument i32) (result i32) (local $scratch i32) (local $function i32) (local $value i32)
    (local.set $scratch (call $malloc (i32.const 16)))
    (if (i32.eqz (local.get $scratch)) (then unreachable))
    (i64.store (local.get $scratch) (local.get $name))
    (local.set $function (call $get_property (call $global_object) (local.get $scratch)))
    (i32.store (local.get $scratch) (local.get $argument))
    (local.set $value (call $qjs_call (local.get $function) (call $undefined) (i32.const 1) (local.get $scratch)))
    (call $free (local.get $scratch))
    (local.get $value))

  (func $input (result i32) (local $length i32) (local $to i32) (local $i i32) (local $value i32)
    (local.set $length (i32.wrap_i64 (call $input_length)))
    (local.set $to (call $malloc (i32.add (local.get $length) (i32.const 1))))
    (if (i32.eqz (local.get $to)) (then unreachable))
    (block $done8 (loop $next8
      (br_if $done8 (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $to) (local.get $i)) (call $input_u64 (i64.extend_i32_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next8)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (i32.store8 (i32.add (local.get $to) (local.get $i)) (call $input_u8 (i64.extend_i32_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.set $value (call $new_string (local.get $to) (local.get $length)))
    (call $free (local.get $to))
    (local.get $value))

  ;; Copies the text of a JavaScript value to a host block. Sets $text_length; 0 when the value has no text.
  (global $text_length (mut i32) (i32.const 0))
  (func $text_block (param $value i32) (result i64) (local $scratch i32) (local $text i32) (local $length i32) (local $block i64) (local $i i32)
    (local.set $scratch (call $malloc (i32.const 16)))
    (if (i32.eqz (local.get $scratch)) (then unreachable))
    (local.set $text (call $get_string (local.get $value) (local.get $scratch)))
    (if (i32.eqz (local.get $text)) (then (return (i64.const 0))))
    (local.set $length (i32.load (local.get $scratch)))
    (global.set $text_length (local.get $length))
    (local.set $block (call $block_alloc (i64.extend_i32_u (local.get $length))))
    (block $done8 (loop $next8
      (br_if $done8 (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $length)))
      (call $store_u64 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i))) (i64.load (i32.add (local.get $text) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next8)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (call $store_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i))) (i32.load8_u (i32.add (local.get $text) (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (local.get $block))

  (func $fail (result i32) (local $value i32) (local $block i64)
    (local.set $value (call $get_exception))
    (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then (return (i32.const 2))))
    (local.set $value (call $call_global (i64.const 0x7272655f5f) (local.get $value))) ;; "__err"
    (if (call $is_exception (local.get $value)) (then (local.set $value (call $get_exception))))
    (local.set $block (call $text_block (local.get $value)))
    (if (i64.ne (local.get $block) (i64.const 0)) (then (call $error_set (local.get $block))))
    (i32.const 1))

  ;; Goes on with what is to be done, until nothing is left.
  ;; Goes on until nothing is left to do, and gives the output or the error.
  (func $go (param $value i32) (result i32) (local $block i64)
    (if (call $is_exception (local.get $value)) (then (return (call $fail))))
    (loop $busy
      (call $drain)
      (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then (return (i32.const 2))))
      (local.set $value (call $call_global (i64.const 0x656c64695f5f) (call $undefined))) ;; "__idle"
      (if (call $is_exception (local.get $value)) (then (return (call $fail))))
      (br_if $busy (call $job_pending)))
    (local.set $value (call $call_global (i64.const 0x646e655f5f) (call $undefined))) ;; "__end"
    (if (call $is_exception (local.get $value)) (then (return (call $fail))))
    (local.set $block (call $text_block (local.get $value)))
    (if (i64.eqz (local.get $block)) (then (return (call $fail))))
    (call $output_set (local.get $block) (i64.extend_i32_u (global.get $text_length)))
    (i32.const 0))

  (func (export "run") (result i32)
    (call $go (call $call_global (i64.const 0x0074726174735f5f) (call $input)))) ;; "__start"

  ;; The same in a memory that an earlier call left: see slot/snapshot.ts of the executor.
  (func (export "resume") (result i32)
    (call $go (call $call_global (i64.const 0x006e696167615f5f) (call $input)))) ;; "__again"
)
