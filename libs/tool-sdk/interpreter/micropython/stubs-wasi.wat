;; The WASI calls MicroPython's libc makes, answered inside the module. Standard output and error end in one buffer of
;; the call, which `take_output` (see stubs-env.wat) hands to the script's driver; there is no other descriptor.
(module
  (import "mp" "memory" (memory 0))
  ;; Where the buffer is, set when the plugin is built; how much of it is used; whether something did not fit.
  (global $output (export "__output") (mut i32) (i32.const 0))
  (global $output_length (export "__output_length") (mut i32) (i32.const 0))
  (global $output_cut (export "__output_cut") (mut i32) (i32.const 0))
  (global $output_size i32 (i32.const 65536))

  (func $append (param $from i32) (param $length i32) (local $room i32)
    (if (global.get $output_cut) (then (return)))
    (local.set $room (i32.sub (global.get $output_size) (global.get $output_length)))
    (if (i32.gt_u (local.get $length) (local.get $room)) (then
      (global.set $output_cut (i32.const 1))
      (local.set $length (call $whole_characters (local.get $from) (local.get $room)))))
    (memory.copy (i32.add (global.get $output) (global.get $output_length)) (local.get $from) (local.get $length))
    (global.set $output_length (i32.add (global.get $output_length) (local.get $length))))

  ;; At most $length bytes of a text, without the beginning of a character at their end.
  (func $whole_characters (param $text i32) (param $length i32) (result i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $length)))
      (br_if $done (i32.ne (i32.and (i32.load8_u (i32.add (local.get $text) (local.get $length))) (i32.const 0xc0)) (i32.const 0x80)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br $next)))
    (local.get $length))

  ;; Says that all was written, also what did not fit: a script that prints too much goes on.
  (func (export "fd_write") (param $descriptor i32) (param $parts i32) (param $count i32) (param $written i32) (result i32) (local $length i32) (local $sum i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $length (i32.load offset=4 (local.get $parts)))
      (call $append (i32.load (local.get $parts)) (local.get $length))
      (local.set $sum (i32.add (local.get $sum) (local.get $length)))
      (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; 8 is EBADF.
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))
  (func (export "fd_sync") (param i32) (result i32) (i32.const 0))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 8))
)
