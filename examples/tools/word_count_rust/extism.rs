//! The functions of Extism's kernel that this tool needs. A block is memory of the host, known by its address.
mod kernel {
    #[link(wasm_import_module = "extism:host/env")]
    extern "C" {
        pub fn input_length() -> u64;
        pub fn input_load_u8(at: u64) -> u8;
        pub fn alloc(bytes: u64) -> u64;
        pub fn store_u8(address: u64, value: u8);
        pub fn output_set(block: u64, bytes: u64);
        pub fn error_set(block: u64);
    }
}

/// The input of the call: JSON.
pub fn input() -> Vec<u8> {
    (0..unsafe { kernel::input_length() }).map(|at| unsafe { kernel::input_load_u8(at) }).collect()
}

/// Ends the call with its output, as JSON, or with a message; run returns what this does, since only 0 is success.
pub fn finish(result: Result<String, &str>) -> i32 {
    match &result {
        Ok(json) => unsafe { kernel::output_set(block_of(json), json.len() as u64) },
        Err(message) => unsafe { kernel::error_set(block_of(message)) },
    }
    result.is_err() as i32
}

unsafe fn block_of(text: &str) -> u64 {
    let block = kernel::alloc(text.len() as u64);
    for (address, byte) in (block..).zip(text.bytes()) {
        kernel::store_u8(address, byte);
    }
    block
}
