# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops. The gemm and
# depthwise kernels have no register to spare for loads that gcc moves up before it allocates registers;
# clang does not and has no such flag, but warns that the loop over any number of taps stays one. The
# crc32, the dot product, the matrix product and the SHA instructions are extensions that isa_list.h
# asks for.
ARCH_neon  := aarch64
FLAGS_neon := -O3
ifeq ($(findstring clang,$(CC)),)
$(BUILD)/kernels/neon/gemm_f32_6x16_neon.o: FLAGS_neon += -fno-schedule-insns
$(BUILD)/kernels/neon/depthwise_f32_neon.o: FLAGS_neon += -fno-schedule-insns
$(BUILD)/kernels/neon/depthwise_s8_neon.o: FLAGS_neon += -fno-schedule-insns
$(BUILD)/kernels/neon/gemm_s8_%.o: FLAGS_neon += -fno-schedule-insns
else
FLAGS_neon += -Wno-pass-failed
endif
$(BUILD)/kernels/neon/crc32c_neon.o: FLAGS_neon += -march=armv8-a+crc
$(BUILD)/kernels/neon/dot_s8_dot_neon.o: FLAGS_neon += -march=armv8.2-a+dotprod
$(BUILD)/kernels/neon/gemm_s8_6x16_dot_neon.o: FLAGS_neon += -march=armv8.2-a+dotprod
$(BUILD)/kernels/neon/gemm_s8_6x16_i8mm_neon.o: FLAGS_neon += -march=armv8.2-a+i8mm
$(BUILD)/kernels/neon/sha256_neon.o: FLAGS_neon += -march=armv8-a+crypto
