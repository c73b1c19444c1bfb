# Compiler flags of this folder alone. -O3 unrolls the tiles, which are written as loops. The compiler
# is one for a hard-float system, whatever the oldest CPU that it builds for.
ARCH_neon32  := arm
FLAGS_neon32 := -O3 -march=armv7-a -mfpu=neon-vfpv4 -mfloat-abi=hard
