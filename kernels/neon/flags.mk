# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops. The crc32
# instructions are an extension that table neon_crc asks for.
FLAGS_neon := -O3
$(BUILD)/kernels/neon/crc32c_neon.o: FLAGS_neon += -march=armv8-a+crc
