;; The Extism side of a Python tool: `run` calls the driver's serve(text) with the JSON input. The driver ends the call by
;; js.host('r' or 'e', text), which throws $finished through whatever is on the stack.
;; `init`, `load` and `bind` serve the build only; the finished plugin no longer exports them.
(module
  (import "mp" "memory" (memory 0))
  (import "mp" "malloc" (func $malloc (param i32) (result i32)))
  (import "mp" "__wasm_call_ctors" (func $construct))
  (import "mp" "emscripten_stack_init" (func $stack_init))
  (import "mp" "mp_js_init" (func $mp_init (param i32 i32)))
  (import "mp" "proxy_c_init" (func $proxy_init))
  (import "mp" "mp_js_do_exec" (func $exec (param i32 i32 i32)))
  (import "mp" "mp_js_do_import" (func $import (param i32 i32)))
  (import "mp" "proxy_c_to_js_lookup_attr" (func $lookup (param i32 i32 i32)))
  (import "mp" "proxy_c_to_js_call" (func $call (param i32 i32 i32 i32)))
  (import "env" "reset_stack" (func $reset_stack))
  (import "env" "set_stack_limit" (func $set_stack_limit (param i32)))
  (import "env" "__stack_top" (global $stack_top (mut i32)))
  (import "env" "finished" (tag $finished (param i32)))
  (import "env" "fail" (func $fail (param i32 i32)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_u64 (param i64) (result i64)))
  ;; The driver's serve, as MicroPython's bridge numbers it; and what a call says that has no memory left to describe its failure.
  (global $entry (export "__entry") (mut i32) (i32.const 0))
  (global $memory_text (export "__memory_text") (mut i32) (i32.const 0))
  (global $memory_length (export "__memory_length") (mut i32) (i32.const 0))

  ;; A script may use $stack_bytes of the stack; a quarter more is there for what runs below the last check.
  (func (export "init") (param $stack_bytes i32) (param $python_stack_slots i32) (param $heap_bytes i32) (local $size i32)
    (call $stack_init)
    (call $construct)
    (local.set $size (i32.add (local.get $stack_bytes) (i32.div_u (local.get $stack_bytes) (i32.const 4))))
    (global.set $stack_top (i32.and (i32.add (call $malloc (local.get $size)) (local.get $size)) (i32.const -16)))
    (call $reset_stack)
    (call $mp_init (local.get $python_stack_slots) (local.get $heap_bytes))
    (call $set_stack_limit (local.get $stack_bytes))
    (call $proxy_init))

  ;; Runs a script at build time. 0, or the address of its traceback (NUL-terminated).
  (func (export "load") (param $source i32) (param $length i32) (result i32) (local $result i32)
    (local.set $result (call $malloc (i32.const 12)))
    (call $exec (local.get $source) (local.get $length) (local.get $result))
    (if (i32.ne (i32.load (local.get $result)) (i32.const -1)) (then (return (i32.const 0))))
    (i32.store8 (i32.add (i32.load offset=4 (local.get $result)) (i32.load offset=8 (local.get $result))) (i32.const 0))
    (i32.load offset=8 (local.get $result)))

  ;; Remembers the function $name of the module $module (both NUL-terminated) as the one that `run` calls.
  (func (export "bind") (param $module i32) (param $name i32) (local $result i32)
    (local.set $result (call $malloc (i32.const 12)))
    (call $import (local.get $module) (local.get $result))
    (call $lookup (i32.load offset=4 (local.get $result)) (local.get $name) (local.get $result))
    ;; 6 is the kind of what can be called.
    (if (i32.ne (i32.load (local.get $result)) (i32.const 6)) (then unreachable))
    (global.set $entry (i32.load offset=4 (local.get $result))))

  (func $input (param $to i32) (local $length i32) (local $text i32) (local $i i32)
    (local.set $length (i32.wrap_i64 (call $input_length)))
    (local.set $text (call $malloc (i32.add (local.get $length) (i32.const 1))))
    (if (i32.eqz (local.get $text)) (then unreachable))
    (block $done8 (loop $next8
      (br_if $done8 (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $text) (local.get $i)) (call $input_u64 (i64.extend_i32_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next8)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (i32.store8 (i32.add (local.get $text) (local.get $i)) (call $input_u8 (i64.extend_i32_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (i32.store (local.get $to) (i32.const 5))
    (i32.store offset=4 (local.get $to) (local.get $length))
    (i32.store offset=8 (local.get $to) (local.get $text)))

  (func (export "run") (result i32) (local $argument i32)
    (call $reset_stack)
    (local.set $argument (call $malloc (i32.const 24)))
    (if (i32.eqz (local.get $argument)) (then unreachable))
    (call $input (local.get $argument))
    (try (result i32)
      (do
        (call $call (global.get $entry) (i32.const 1) (local.get $argument) (i32.add (local.get $argument) (i32.const 12)))
        ;; The driver never returns, unless memory ran out while it described a failure.
        (call $fail (global.get $memory_text) (global.get $memory_length))
        (i32.const 1))
      (catch $finished)))
)
