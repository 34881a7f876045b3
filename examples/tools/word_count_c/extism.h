/* The functions of Extism's kernel that this tool needs. A block is memory of the host, known by its address. */
#pragma once
#include <stdint.h>

#define KERNEL(name) __attribute__((import_module("extism:host/env"), import_name(name)))

KERNEL("input_length") uint64_t input_length(void);
KERNEL("input_load_u8") uint8_t input_load_u8(uint64_t index);
KERNEL("alloc") uint64_t block_alloc(uint64_t bytes);
KERNEL("store_u8") void block_store_u8(uint64_t address, uint8_t value);
KERNEL("output_set") void output_set(uint64_t block, uint64_t bytes);
KERNEL("error_set") void error_set(uint64_t block);
