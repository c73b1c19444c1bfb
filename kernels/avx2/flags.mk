# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops. The SHA
# instructions are an extension that isa_list.h asks for.
ARCH_avx2  := x86_64
FLAGS_avx2 := -O3 -mavx2 -mfma -msse4.2 -mpclmul
$(BUILD)/kernels/avx2/sha256_avx2.o: FLAGS_avx2 += -msha
