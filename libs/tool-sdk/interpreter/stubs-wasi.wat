;; The six WASI calls QuickJS's libc makes, answered inside the module: no descriptor, a frozen clock, no entropy.
;; A call starts at the instant in __now_ms, so Date and Math.random give the same values when a call is repeated.
(module
  (import "quickjs" "memory" (memory 0))
  (global $now (export "__now_ms") (mut i64) (i64.const 1700000000000))
  (func (export "clock_time_get") (param i32 i64 i32) (result i32)
    (i64.store (local.get 2) (i64.mul (global.get $now) (i64.const 1000000)))
    (i32.const 0))
  (func (export "fd_close") (param i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_get") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "random_get") (param i32 i32) (result i32) (i32.const 0))
)
