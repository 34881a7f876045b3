;; Everything MicroPython imports beside WASI, answered inside the module: its longjmp by WebAssembly's own exceptions,
;; its JavaScript bridge by nothing (but for one function, see `call2`), its clock by one that stands still.
(module
  (import "mp" "memory" (memory 0))
  (import "mp" "__indirect_function_table" (table $table 0 funcref))
  (import "mp" "malloc" (func $malloc (param i32) (result i32)))
  (import "mp" "free" (func $free (param i32)))
  (import "mp" "setThrew" (func $set_threw (param i32 i32)))
  (import "mp" "emscripten_stack_get_current" (func $stack_pointer (result i32)))
  (import "mp" "_emscripten_stack_restore" (func $set_stack_pointer (param i32)))
  (import "mp" "gc_collect_start" (func $gc_collect_start))
  (import "mp" "gc_collect_end" (func $gc_collect_end))
  (import "mp" "gc_alloc_original" (func $gc_alloc_original (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "__output" (global $output (mut i32)))
  (import "wasi_snapshot_preview1" "__output_length" (global $output_length (mut i32)))
  (import "wasi_snapshot_preview1" "__output_cut" (global $output_cut (mut i32)))
  (import "extism:host/env" "alloc" (func $block_alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $block_free (param i64)))
  (import "extism:host/env" "length" (func $block_length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/user" "tool" (func $tool (param i64) (result i64)))
  (type $i (func (result i32)))
  (type $ii (func (param i32) (result i32)))
  (type $iii (func (param i32 i32) (result i32)))
  (type $iiii (func (param i32 i32 i32) (result i32)))
  (type $iiiii (func (param i32 i32 i32 i32) (result i32)))
  (type $iiiiii (func (param i32 i32 i32 i32 i32) (result i32)))
  (type $v (func))
  (type $vi (func (param i32)))
  (type $vii (func (param i32 i32)))
  (type $viii (func (param i32 i32 i32)))
  (type $viiii (func (param i32 i32 i32 i32)))

  ;; --- Exceptions: invoke_* calls a function of the table and catches what _emscripten_throw_longjmp throws ---

  (tag $longjmp)
  ;; Ends the call from wherever the script is; its value is what `run` returns.
  (tag $finished (export "finished") (param i32))

  (func (export "_emscripten_throw_longjmp") (throw $longjmp))

  (func $caught (param $sp i32)
    (call $set_stack_pointer (local.get $sp))
    (call $set_threw (i32.const 1) (i32.const 0)))

  (func (export "invoke_i") (param i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $i) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_ii") (param i32 i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $ii) (local.get 1) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_iii") (param i32 i32 i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $iii) (local.get 1) (local.get 2) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_iiii") (param i32 i32 i32 i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $iiii) (local.get 1) (local.get 2) (local.get 3) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_iiiii") (param i32 i32 i32 i32 i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $iiiii) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_iiiiii") (param i32 i32 i32 i32 i32 i32) (result i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (result i32) (do (call_indirect $table (type $iiiiii) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)) (i32.const 0))))
  (func (export "invoke_v") (param i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (do (call_indirect $table (type $v) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)))))
  (func (export "invoke_vi") (param i32 i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (do (call_indirect $table (type $vi) (local.get 1) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)))))
  (func (export "invoke_vii") (param i32 i32 i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (do (call_indirect $table (type $vii) (local.get 1) (local.get 2) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)))))
  (func (export "invoke_viii") (param i32 i32 i32 i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (do (call_indirect $table (type $viii) (local.get 1) (local.get 2) (local.get 3) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)))))
  (func (export "invoke_viiii") (param i32 i32 i32 i32 i32) (local $sp i32)
    (local.set $sp (call $stack_pointer))
    (try (do (call_indirect $table (type $viiii) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 0)))
      (catch $longjmp (call $caught (local.get $sp)))))

  (func (export "_abort_js") unreachable)

  ;; --- Text between the script and the host ---

  (func $to_block (param $text i32) (param $length i32) (result i64) (local $block i64) (local $i i32)
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

  ;; Writes a JavaScript string (kind 5: length, address; the bridge frees it) to $to, or null when memory has run out.
  (func $give_string (param $to i32) (param $length i32) (result i32) (local $text i32)
    (local.set $text (call $malloc (i32.add (local.get $length) (i32.const 1))))
    (i32.store (local.get $to) (select (i32.const 5) (i32.const 1) (local.get $text)))
    (i32.store offset=4 (local.get $to) (local.get $length))
    (i32.store offset=8 (local.get $to) (local.get $text))
    (local.get $text))

  (func $give_block (param $to i32) (param $block i64) (local $length i32) (local $text i32) (local $i i32)
    (local.set $length (i32.wrap_i64 (call $block_length (local.get $block))))
    (local.set $text (call $give_string (local.get $to) (local.get $length)))
    (if (i32.eqz (local.get $text)) (then (return)))
    (block $done8 (loop $next8
      (br_if $done8 (i32.gt_u (i32.add (local.get $i) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $text) (local.get $i)) (call $load_u64 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next8)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
      (i32.store8 (i32.add (local.get $text) (local.get $i)) (call $load_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (call $block_free (local.get $block)))

  ;; A script may print bytes that are no text, which MicroPython would refuse to make a string of.
  (func $to_ascii (local $at i32) (local $end i32)
    (local.set $at (global.get $output))
    (local.set $end (i32.add (local.get $at) (global.get $output_length)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (if (i32.ge_u (i32.load8_u (local.get $at)) (i32.const 0x80)) (then (i32.store8 (local.get $at) (i32.const 0x3f))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))

  ;; What was printed so far; a '!' before it says that not everything fitted.
  (func $take_output (param $to i32) (local $text i32)
    (local.set $text (call $give_string (local.get $to) (i32.add (global.get $output_length) (i32.const 1))))
    (if (i32.eqz (local.get $text)) (then (return)))
    (i32.store8 (local.get $text) (select (i32.const 0x21) (i32.const 0x20) (global.get $output_cut)))
    (memory.copy (i32.add (local.get $text) (i32.const 1)) (global.get $output) (global.get $output_length)))

  (func $finish (param $text i32) (param $length i32)
    (call $output_set (call $to_block (local.get $text) (local.get $length)) (i64.extend_i32_u (local.get $length)))
    (throw $finished (i32.const 0)))

  (func $fail (export "fail") (param $text i32) (param $length i32)
    (call $error_set (call $to_block (local.get $text) (local.get $length)))
    (throw $finished (i32.const 1)))

  ;; --- The bridge: js.host(what, text) and nothing else, and that only while the plugin is built ---

  ;; 1 while the plugin is built; the finished plugin's script finds nothing in the module js.
  (global $open (export "__open") (mut i32) (i32.const 1))
  ;; The reference of the one JavaScript object there is; 0 and 1 are taken for globalThis and undefined.
  (global $host i32 (i32.const 2))

  (func (export "lookup_attr") (param $object i32) (param $name i32) (param $to i32) (result i32)
    (if (i32.eqz (global.get $open)) (then (return (i32.const 0))))
    (i32.store (local.get $to) (i32.const 7))
    (i32.store offset=4 (local.get $to) (global.get $host))
    (i32.const 1))

  ;; host(what, text): 'r' ends the call with a result, 'e' with an error, 'o' gives the output ('a' with '?' for what is no ASCII), 't' calls a tool.
  (func (export "call2") (param $function i32) (param $method i32) (param $what i32) (param $text i32) (param $to i32) (result i32)
    (local $letter i32) (local $at i32) (local $length i32)
    (i32.store (local.get $to) (i32.const 0))
    (if (i32.ne (local.get $function) (global.get $host)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load (local.get $what)) (i32.const 5)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load (local.get $text)) (i32.const 5)) (then (return (i32.const 0))))
    (local.set $letter (i32.load8_u (i32.load offset=8 (local.get $what))))
    (local.set $length (i32.load offset=4 (local.get $text)))
    (local.set $at (i32.load offset=8 (local.get $text)))
    (if (i32.eq (local.get $letter) (i32.const 0x72)) (then (call $finish (local.get $at) (local.get $length))))
    (if (i32.eq (local.get $letter) (i32.const 0x65)) (then (call $fail (local.get $at) (local.get $length))))
    (if (i32.eq (local.get $letter) (i32.const 0x61)) (then (call $to_ascii)))
    (if (i32.or (i32.eq (local.get $letter) (i32.const 0x6f)) (i32.eq (local.get $letter) (i32.const 0x61))) (then (call $take_output (local.get $to))))
    (if (i32.eq (local.get $letter) (i32.const 0x74)) (then (call $give_block (local.get $to) (call $tool (call $to_block (local.get $at) (local.get $length))))))
    (i32.const 0))

  ;; Each gives undefined (kind 0) where it must give something.
  (func (export "call0") (param i32 i32) (i32.store (local.get 1) (i32.const 0)))
  (func (export "call1") (param i32 i32 i32 i32) (result i32) (i32.store (local.get 3) (i32.const 0)) (i32.const 0))
  (func (export "calln") (param i32 i32 i32 i32 i32) (result i32) (i32.store (local.get 4) (i32.const 0)) (i32.const 0))
  (func (export "call0_kwarg") (param i32 i32 i32 i32 i32 i32) (i32.store (local.get 5) (i32.const 0)))
  (func (export "calln_kwarg") (param i32 i32 i32 i32 i32 i32 i32 i32) (i32.store (local.get 7) (i32.const 0)))
  (func (export "js_reflect_construct") (param i32 i32 i32 i32) (i32.store (local.get 3) (i32.const 0)))
  (func (export "js_subscr_load") (param i32 i32 i32) (i32.store (local.get 2) (i32.const 0)))
  (func (export "js_get_iter") (param i32 i32) (i32.store (local.get 1) (i32.const 0)))
  (func (export "js_get_error_info") (param i32 i32 i32) (i32.store (local.get 1) (i32.const 0)) (i32.store (local.get 2) (i32.const 0)))
  (func (export "js_get_proxy_js_ref_info") (param i32) (i32.store (local.get 0) (i32.const 0)))
  (func (export "proxy_convert_mp_to_js_then_js_to_mp_obj_jsside") (param i32) (i32.store (local.get 0) (i32.const 0)))
  (func (export "proxy_convert_mp_to_js_then_js_to_js_then_js_to_mp_obj_jsside") (param i32) (i32.store (local.get 0) (i32.const 0)))
  (func (export "js_then_continue") (param i32 i32 i32 i32 i32) (i32.store (local.get 4) (i32.const 0)))
  (func (export "create_promise") (param i32 i32) (i32.store (local.get 0) (i32.const 0)) (i32.store (local.get 1) (i32.const 0)))
  (func (export "store_attr") (param i32 i32 i32))
  (func (export "js_subscr_store") (param i32 i32 i32))
  (func (export "proxy_js_free_obj") (param i32))
  (func (export "js_then_resolve") (param i32 i32))
  (func (export "js_then_reject") (param i32 i32))
  (func (export "has_attr") (param i32 i32) (result i32) (i32.const 0))
  (func (export "js_iter_next") (param i32 i32) (result i32) (i32.const 0))
  (func (export "js_check_existing") (param i32) (result i32) (i32.const -1))

  ;; --- Clock and randomness ---

  ;; A call starts at the instant in __now_ms. Only asking for the ticks moves the clock, a millisecond each time, so that
  ;; sleep() ends, and so that a call that is repeated gives the same values.
  (global $now (export "__now_ms") (mut i64) (i64.const 1700000000000))
  (global $ticks (mut i32) (i32.const 0))
  (func (export "mp_js_ticks_ms") (result i32)
    (global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))
    (global.get $ticks))
  (func (export "mp_js_time_ms") (result f64) (f64.convert_i64_s (i64.add (global.get $now) (i64.extend_i32_u (global.get $ticks)))))
  ;; The seed of the module random.
  (func (export "mp_js_random_u32") (result i32) (i32.wrap_i64 (i64.mul (global.get $now) (i64.const 0x9e3779b97f4a7c15))))

  ;; --- Memory ---

  (func (export "emscripten_resize_heap") (param $bytes i32) (result i32)
    (i32.ne (i32.const -1) (memory.grow (i32.sub (i32.div_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 65536)) (memory.size)))))

  ;; The most pages the tool may have, set when the plugin is built.
  (global $max_pages (export "__max_pages") (mut i32) (i32.const 0))

  ;; In place of MicroPython's gc_get_max_new_split: the largest piece by which the heap may grow.
  (func (export "heap_room") (result i32) (local $room i32)
    (local.set $room (i32.sub (i32.sub (global.get $max_pages) (memory.size)) (i32.const 8)))
    (if (i32.lt_s (local.get $room) (i32.const 0)) (then (return (i32.const 0))))
    (i32.mul (local.get $room) (i32.const 65536)))

  ;; The build gives MicroPython a larger stack than emscripten does; it grows down from here.
  (global $stack_top (export "__stack_top") (mut i32) (i32.const 0))
  (func (export "reset_stack") (call $set_stack_pointer (global.get $stack_top)))
  (func (export "set_stack_limit") (param $bytes i32) (i32.store offset=4 (global.get $context) (local.get $bytes)))

  ;; In place of MicroPython's gc_collect, which this variant puts off to the end of the call. Every pointer of a calling
  ;; function is on the stack (the build spills them), so the stack is scanned as if it were a second Python stack. The
  ;; addresses are those of mp_state_ctx in the very module that micropython.ts checks.
  (global $context i32 (i32.const 185108))
  (func (export "collect") (local $start i32) (local $cur i32) (local $overflow i32)
    (if (call $growing_is_better) (then (return)))
    (local.set $start (i32.load offset=8 (global.get $context)))
    (local.set $cur (i32.load offset=16 (global.get $context)))
    (call $gc_collect_start)
    (local.set $overflow (i32.load offset=416 (global.get $context)))
    (i32.store offset=8 (global.get $context) (i32.and (call $stack_pointer) (i32.const -4)))
    (i32.store offset=16 (global.get $context) (global.get $stack_top))
    (call $gc_collect_start)
    (i32.store offset=8 (global.get $context) (local.get $start))
    (i32.store offset=16 (global.get $context) (local.get $cur))
    (i32.store offset=416 (global.get $context) (i32.or (local.get $overflow) (i32.load offset=416 (global.get $context))))
    (call $gc_collect_end))

  ;; Collecting costs time in proportion to the heap, so it must be worth it: when less than an eighth of memory was
  ;; allocated since the last time (the count is in blocks of 16 bytes), the heap grows instead. When it cannot grow, a
  ;; script may collect in vain a few times; then memory has run out.
  (global $in_vain (mut i32) (i32.const 0))
  (global $collect_always (export "__collect_always") (mut i32) (i32.const 0))
  (func $growing_is_better (result i32) (local $eighth i32)
    (if (global.get $collect_always) (then (return (i32.const 0))))
    (local.set $eighth (i32.shr_u (memory.size) (i32.const 3)))
    (if (i32.ge_u (i32.shr_u (i32.load offset=936 (global.get $context)) (i32.const 12)) (local.get $eighth)) (then
      (global.set $in_vain (i32.const 0))
      (return (i32.const 0))))
    (if (i32.gt_s (i32.sub (global.get $max_pages) (memory.size)) (local.get $eighth)) (then (return (i32.const 1))))
    (global.set $in_vain (i32.add (global.get $in_vain) (i32.const 1)))
    (i32.gt_u (global.get $in_vain) (i32.const 16)))

  ;; Around MicroPython's gc_alloc, which looks for room from the first free block on: with many objects alive, that
  ;; takes longer and longer. Here the search for more than one block goes on where the last one ended; a collection
  ;; starts it from the beginning again. An area of the heap: next, table, its length, -, begin, end, first free.
  (func (export "gc_alloc") (param $bytes i32) (param $flags i32) (result i32) (local $at i32) (local $area i32)
    (local.set $at (call $gc_alloc_original (local.get $bytes) (local.get $flags)))
    (if (i32.or (i32.le_u (local.get $bytes) (i32.const 16)) (i32.eqz (local.get $at))) (then (return (local.get $at))))
    (local.set $area (i32.add (global.get $context) (i32.const 384)))
    (block $found
      (loop $next
        (br_if $found (i32.and (i32.ge_u (local.get $at) (i32.load offset=16 (local.get $area))) (i32.lt_u (local.get $at) (i32.load offset=20 (local.get $area)))))
        (br_if $next (local.tee $area (i32.load (local.get $area)))))
      (return (local.get $at)))
    (i32.store offset=24 (local.get $area) (i32.shr_u (i32.add (i32.sub (local.get $at) (i32.load offset=16 (local.get $area))) (local.get $bytes)) (i32.const 6)))
    (i32.store offset=944 (global.get $context) (local.get $area))
    (local.get $at))

  ;; --- Files: none; 2 is ENOENT ---

  (func (export "__syscall_chdir") (param i32) (result i32) (i32.const -2))
  (func (export "__syscall_getcwd") (param i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_mkdirat") (param i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_openat") (param i32 i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_poll") (param i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_getdents64") (param i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_renameat") (param i32 i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_rmdir") (param i32) (result i32) (i32.const -2))
  (func (export "__syscall_fstat64") (param i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_stat64") (param i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_newfstatat") (param i32 i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_lstat64") (param i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_statfs64") (param i32 i32 i32) (result i32) (i32.const -2))
  (func (export "__syscall_unlinkat") (param i32 i32 i32) (result i32) (i32.const -2))
)
