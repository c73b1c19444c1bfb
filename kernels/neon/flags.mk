# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops. gemm_f32 has
# no register to spare for loads that gcc moves up before it allocates registers (clang does not, and
# has no such flag). The crc32 instructions are an extension that table neon_crc asks for.
FLAGS_neon := -O3
ifeq ($(findstring clang,$(CC)),)
$(BUILD)/kernels/neon/gemm_f32_6x16_neon.o: FLAGS_neon += -fno-schedule-insns
endif
$(BUILD)/kernels/neon/crc32c_neon.o: FLAGS_neon += -march=armv8-a+crc
